"""What clients may not do to the agent: take their time for ever, send without end, or hide one request in another."""

import socket
import time

import pytest


class Raw:
    """A client that sends bytes."""

    def __init__(self, agent):
        self.socket = socket.create_connection(("127.0.0.1", agent.port), timeout=60)

    def send(self, data):
        self.socket.sendall(data)

    def rest(self):
        """All that comes until the server closes."""
        data = b""
        try:
            while chunk := self.socket.recv(65536):
                data += chunk
        except ConnectionResetError:
            pass
        self.socket.close()
        return data


def drip(client, text, pause):
    """Sends byte after byte until the other side has had enough."""
    client.socket.settimeout(pause)
    for byte in text:
        try:
            client.socket.sendall(bytes([byte]))
            if answer := client.socket.recv(65536):
                return answer
            return b""
        except TimeoutError:
            continue
        except (ConnectionResetError, BrokenPipeError):
            return b""
    raise AssertionError("the whole text was taken")


def test_dripping_headers_end_with_408_and_disturb_nobody(agent):
    slow = [Raw(agent) for _ in range(300)]
    for client in slow:
        client.send(b"GET /jobs HTTP/1.1\r\nHost: loc")
    assert agent.get("/health").status == 200
    answer = drip(Raw(agent), b"GET /jobs HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 20, 0.2)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert all(client.rest().startswith(b"HTTP/1.1 408 ") for client in slow)


def test_a_dripping_body_ends_with_408(agent):
    client = Raw(agent)
    client.send(f"POST /import HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {agent.api_key}\r\n"
                "Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n".encode())
    assert drip(client, b'{"project": "' + b"x" * 200, 0.2).startswith(b"HTTP/1.1 408 ")


def test_idle_connections_disturb_nobody(agent):
    idle = [Raw(agent) for _ in range(600)]
    assert agent.get("/health").status == 200
    for client in idle:
        client.socket.close()
    assert agent.get("/health").status == 200


def test_the_limit_of_headers_is_16_kilobytes(agent):
    assert agent.get("/health", headers={"X-Long": "x" * 15_500}).status == 200
    refused = Raw(agent)
    refused.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 16_400 + b"\r\n\r\n")
    assert refused.rest().startswith(b"HTTP/1.1 431 ")
    endless = Raw(agent)
    endless.send(b"GET /health HTTP/1.1\r\n")
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        while True:  # for as long as the agent reads on, so that others can read its refusal
            endless.send(b"X-Line: " + b"x" * 1000 + b"\r\n")


@pytest.mark.parametrize("body", [b'{"project": "' + b"x" * 1_000_001 + b'"}', b" " * 5_000_000])
def test_a_body_over_the_limit_is_413_whether_its_length_is_told_or_not(agent, body):
    assert agent.call("POST", "/import", raw=body, headers={"Content-Type": "application/json"}).status == 413
    chunked = Raw(agent)
    chunked.send(f"POST /import HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {agent.api_key}\r\n"
                 "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    try:
        chunked.send(f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert chunked.rest().startswith(b"HTTP/1.1 413 ")


SMUGGLED = b"GET /settings HTTP/1.1\r\nHost: localhost\r\nX-API-Key: KEY\r\n\r\n"


@pytest.mark.parametrize("headers,body", [
    (b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding: identity, chunked\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    (b"Transfer-Encoding\r\n : chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    (b"Content-Length: 5\r\nContent-Length: 0\r\n", b"0\r\n\r\n"),
    (b"Content-Length: +5\r\n", b"0\r\n\r\n"),
    (b"Content-Length: 5, 5\r\n", b"0\r\n\r\n"),
    (b"Content-Length: 0x5\r\n", b"0\r\n\r\n"),
    (b"Content-Length: -1\r\n", b""),
    (b"Content-Length: 99999999999999999999\r\n", b""),
    (b"Transfer-Encoding: chunked\r\n", b"x\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"-1\r\n\r\n"),
    (b"Transfer-Encoding: chunked\r\n", b"fffffffffffffffff\r\n\r\n"),
    (b"X: a\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    (b"X: \x00\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
])
def test_a_request_hidden_in_another_is_never_answered(agent, headers, body):
    client = Raw(agent)
    client.send(b"POST /import HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n" + body
                + SMUGGLED.replace(b"KEY", agent.api_key.encode()))
    answer = client.rest()
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    assert answer.split()[1] in (b"400", b"413", b"501"), answer
    assert b"lease_seconds" not in answer


def test_a_client_that_does_not_read_its_stream_is_dropped_and_keeps_nobody_waiting(agent):
    client = Raw(agent)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(f"GET /jobs/events HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {agent.api_key}\r\n\r\n".encode())
    for _ in range(30):
        agent.sql("SELECT pg_notify('cpi_jobs', jsonb_build_object('job_id', 'x', 'status', 'x', 'event', 'x',"
                  " 'more', repeat('y', 7000), 'number', n)::text) FROM generate_series(1, 30) n", user="postgres")
    started = time.monotonic()
    assert agent.get("/jobs?limit=1").status == 200
    assert time.monotonic() - started < 30
    client.socket.close()
