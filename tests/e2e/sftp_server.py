"""A real OpenSSH server of its own for the tests of SFTP: own configuration, own host keys, own port, a directory of files.

As root it logs a user "erp" in who exists for this server alone: the server runs in a mount namespace with a passwd and
shadow file of its own, so that password logins and refused permissions can be tried without touching the machine's users.
"""

import os
import pwd
import shutil
import signal
import subprocess
import time

import harness

USER_ID = 47110
PASSWORD = "Geheim & 100%"
CANNOT = ""
if os.geteuid() != 0:
    CANNOT = "needs root: a login of its own with a password"
elif subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode != 0:
    CANNOT = "needs a mount namespace"


def keygen(path, kind, *options, passphrase=""):
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path), *options], check=True,
                   stdin=subprocess.DEVNULL)
    return path


def fingerprint(path):
    """SHA256:… of a key, as ssh-keygen tells it to a person."""
    return subprocess.run(["ssh-keygen", "-l", "-f", str(path)], check=True, capture_output=True,
                          text=True).stdout.split()[1]


class Sshd:
    """`home` is where files lie; `key(kind)` makes a private key that the server lets in."""

    def __init__(self, host_keys=("ed25519", "ecdsa", "rsa"), options="", sftp="internal-sftp"):
        self.directory = harness.make_directory("cpi-e2e-sshd-")
        self.home = self.directory / "home"
        self.home.mkdir()
        self.port = harness.free_port()
        self.host = "127.0.0.1"
        self.user = pwd.getpwuid(os.geteuid()).pw_name if CANNOT else "erp"
        self.authorized = self.directory / "authorized_keys"
        self.authorized.write_text("")
        self.host_keys = {kind: keygen(self.directory / f"host_{kind}", kind) for kind in host_keys}
        self.options = options
        self.sftp = sftp
        self.process = None
        if not CANNOT:
            hashed = subprocess.run(["openssl", "passwd", "-6", "-stdin"], input=PASSWORD, capture_output=True,
                                    text=True, check=True).stdout.strip()
            for name, line in (("passwd", f"erp:x:{USER_ID}:{USER_ID}::{self.home}:/bin/sh\n"),
                               ("shadow", f"erp:{hashed}:19000:0:99999:7:::\n"), ("group", f"erp:x:{USER_ID}:\n")):
                with open(f"/etc/{name}") as file:
                    (self.directory / name).write_text(file.read() + line)
            self.give(self.home)
        self.start()

    def give(self, *paths):
        """Makes the login the owner of files that the test has made."""
        if not CANNOT:
            for path in paths:
                os.chown(path, USER_ID, USER_ID)

    def key(self, kind, *options, passphrase="", form=""):
        path = keygen(self.directory / f"user_{kind}_{harness.free_port()}", kind, *options, passphrase=passphrase)
        if form:
            subprocess.run(["ssh-keygen", "-q", "-p", "-m", form, "-P", passphrase, "-N", passphrase, "-f", str(path)],
                           check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        with open(self.authorized, "a") as file:
            file.write(open(f"{path}.pub").read())
        return path

    def start(self):
        config = self.directory / "sshd_config"
        config.write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nPidFile none\nUsePAM no\nStrictModes no\nLogLevel VERBOSE\n"
            f"PermitRootLogin yes\nMaxAuthTries 20\nMaxStartups 100\nAuthorizedKeysFile {self.authorized}\n"
            f"Subsystem sftp {self.sftp}\n"
            + "".join(f"HostKey {path}\n" for path in self.host_keys.values()) + self.options)
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        command = [shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", str(config)]
        if not CANNOT:
            binds = " && ".join(f"mount --bind {self.directory}/{name} /etc/{name}" for name in ("passwd", "shadow", "group"))
            command = ["unshare", "-m", "sh", "-c", f'{binds} && exec "$@"', "-", *command]
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        deadline = time.monotonic() + 20
        while not harness.answers(self.port):
            assert self.process.poll() is None and time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def log(self):
        return (self.directory / "log").read_text()

    def stop(self):
        """Ends the server and the sessions that it serves."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory)

    def put(self, name, content, age=60):
        """A file below `home`, last changed `age` seconds ago."""
        path = self.home / name if isinstance(name, str) else os.path.join(os.fsencode(self.home), name)
        if isinstance(name, str):
            path.parent.mkdir(parents=True, exist_ok=True)
            parent = path.parent
            while parent != self.home:
                self.give(parent)
                parent = parent.parent
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        when = int(time.time()) - age
        os.utime(path, (when, when))
        self.give(path)
        return path

    def names(self, below=""):
        return sorted(os.listdir(self.home / below))

    def settings(self, **fields):
        """The fields of an sftp object or a source."""
        return {"host": self.host, "port": self.port, "username": self.user, "remote_path": str(self.home), **fields}


def new_project(agent, database, name, settings, inline=False, **config):
    """A project that reads from the server: through a source of its name, or by its config's sftp object."""
    fields = {"name": name, "connection_id": agent.connection(name, database)}
    config = {"stable_seconds": 0, "defaults": {"primary_key": "id"}, **config}
    if inline:
        config["sftp"] = settings
    else:
        response = agent.post("/sources", {"name": name, **settings})
        assert response.status == 201, response
        fields["source_id"] = response.json["id"]
    response = agent.post("/projects", {**fields, "config": config})
    assert response.status == 201, response


def until(condition, what, patience=30):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)


def errors(job):
    return "\n".join(error["message"] for error in job["errors"])
