"""A liar between sshd and OpenSSH's own sftp-server: relays the packets of SFTP version 3 (draft-ietf-secsh-filexfer-02)
and falsifies what the argument names. Run by sshd as its subsystem, under the user's login.

  short     reads are answered with a few bytes each
  bigger    files are said to be twice as large as they are, smaller: half as large
  slashes   names in listings lead elsewhere: "x/../items.csv"
  bare      listings come without size, kind and time
  endless   a listing never ends
  garbage   an answer is no packet
"""

import os
import struct
import subprocess
import sys
import threading

READ, READDIR, STATUS, NAME, ATTRS = 5, 12, 101, 104, 105
SIZE_FLAG = 1

lie = sys.argv[1]
server = subprocess.Popen(["/usr/lib/openssh/sftp-server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def packets(stream):
    while True:
        head = stream.read(4)
        if len(head) < 4:
            return
        yield bytearray(stream.read(struct.unpack(">I", head)[0]))


def send(stream, packet):
    stream.write(struct.pack(">I", len(packet)) + bytes(packet))
    stream.flush()


def text(packet, at):
    """A string at `at` and the place behind it."""
    size = struct.unpack_from(">I", packet, at)[0]
    return bytes(packet[at + 4:at + 4 + size]), at + 4 + size


def attributes(packet, at):
    """The place behind the attributes at `at`; sizes are falsified on the way."""
    flags = struct.unpack_from(">I", packet, at)[0]
    at += 4
    if flags & SIZE_FLAG:
        size = struct.unpack_from(">Q", packet, at)[0]
        struct.pack_into(">Q", packet, at, {"bigger": size * 2, "smaller": size // 2}.get(lie, size))
        at += 8
    return at + (8 if flags & 2 else 0) + (4 if flags & 4 else 0) + (8 if flags & 8 else 0)


def falsified_names(packet):
    """The answer to READDIR once more, with other names or without attributes."""
    count = struct.unpack_from(">I", packet, 5)[0]
    out, at = bytearray(packet[:9]), 9
    for _ in range(count):
        name, at = text(packet, at)
        long_name, at = text(packet, at)
        begin, at = at, attributes(packet, at)
        if lie == "slashes" and not name.startswith(b"."):
            name = b"x/../" + name
        out += struct.pack(">I", len(name)) + name + struct.pack(">I", len(long_name)) + long_name
        out += struct.pack(">I", 0) if lie == "bare" else packet[begin:at]
    return out


last_names = None


def answers():
    global last_names
    for packet in packets(server.stdout):
        kind = packet[0]
        if kind == ATTRS:
            attributes(packet, 5)
            if lie == "garbage":
                packet = bytearray(b"\xff" * 40)
        elif kind == NAME:
            packet = falsified_names(packet)
            last_names = bytes(packet)
        elif kind == STATUS and lie == "endless" and last_names and struct.unpack_from(">I", packet, 5)[0] == 1:
            packet = bytearray(last_names[:1]) + packet[1:5] + last_names[5:]
        send(sys.stdout.buffer, packet)
    sys.stdout.buffer.close()


threading.Thread(target=answers, daemon=True).start()
for asked in packets(sys.stdin.buffer):
    if asked[0] == READ and lie == "short":
        _, end = text(asked, 5)
        struct.pack_into(">I", asked, end + 8, min(struct.unpack_from(">I", asked, end + 8)[0], 5000 + end * 7 % 999))
    send(server.stdin, asked)
os._exit(0)
