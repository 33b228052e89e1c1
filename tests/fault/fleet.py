"""A management database of its own, any number of agents on it that may be broken on purpose, and a proxy that cuts.

Nothing here goes through REST: jobs are made and watched in SQL, so that agents may come and go.
"""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import harness

BREAKABLE = harness.BUILD / "cpi-failpoints"

# Short, so that no test waits; long enough that a machine under load renews in time.
SETTINGS = {"lease_seconds": 4, "heartbeat_seconds": 0.5, "poll_seconds": 0.3, "grace_seconds": 5, "retry_1_seconds": 0.3,
            "retry_2_seconds": 0.5, "retry_3_seconds": 1}


def failpoints():
    """The names of all failpoints, as the sources have them."""
    found = set()
    for path in (harness.ROOT / "agent").rglob("*.cpp"):
        found |= set(re.findall(r'(?:\bFP|failpoint)\("([a-z_]+)"\)', path.read_text()))
    return sorted(found)


def until(condition, what, patience=60):
    deadline = time.monotonic() + patience
    while not (seen := condition()):
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)
    return seen


class Management:
    """A server with databases that have the extension. `database()` gives a fresh one, cheaply."""

    def __init__(self):
        self.cluster = harness.Cluster()
        key = self.cluster.directory / "cpi.key"
        key.write_text("1:" + "A" * 43 + "=\n")
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(key, user.pw_uid, user.pw_gid)
        key.chmod(0o600)
        self.cluster.stop()
        with open(self.cluster.directory / "data" / "postgresql.conf", "a") as conf:
            conf.write(f"cpi.key_file='{key}'\nmax_connections=300\n")
        self.cluster.start()
        template = self.cluster.create_database("cpi_template")
        template.execute("CREATE EXTENSION cpi")
        template.execute("SELECT cpi_update_settings(" + ", ".join(f"{k} => {v}" for k, v in SETTINGS.items()) + ")")
        template._connection.close()
        self._number = 0

    def database(self):
        self._number += 1
        name = f"m{self._number}"
        with self.cluster.connect("postgres").cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE cpi_template")
        return Queue(harness.Database(self.cluster, name))

    def remove(self):
        self.cluster.remove()


class Queue:
    """One management database with its agents and its folder of files."""

    def __init__(self, database):
        self.database = database
        self.inbox = harness.make_directory("cpi-fault-inbox-")
        self.agents = []

    # -- jobs

    def project(self, name, target, **config):
        """A project that reads its own folder. Returns the folder."""
        folder = self.inbox / name
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        config.setdefault("local", {"path": str(folder)})
        config.setdefault("defaults", {"file_pattern": "*.csv", "primary_key": "id"})
        url = target if isinstance(target, str) else target.url
        self.database.rows("SELECT cpi_create_connection(%s, %s)", f"{name} target", url)
        self.database.rows("SELECT cpi_create_project(name => %s, connection_id => %s, config => %s)", name, f"{name} target",
                           json.dumps(config))
        return folder

    def submit(self, name, **arguments):
        named = "".join(f", {key} => %s" for key in arguments)
        return self.database.value(f"SELECT cpi_import(project => %s{named}) ->> 'job_id'", name, *arguments.values())

    def job(self, job_id):
        return self.database.value("SELECT cpi_get_job(%s)", job_id)

    def cancel(self, job_id):
        return self.database.value("SELECT cpi_cancel_job(%s)", job_id)

    def column(self, job_id, name):
        return self.database.value(f"SELECT {name} FROM cpi_jobs WHERE id = %s", job_id)

    def wait(self, job_id, patience=90):
        """The job when it has ended."""
        def ended():
            job = self.job(job_id)
            return job if job["status"] not in ("pending", "running") else None
        try:
            return until(ended, f"the end of job {job_id}", patience)
        except AssertionError:
            raise AssertionError(f"{self.database.rows('SELECT * FROM cpi_jobs')}\n" +
                                 "\n".join(a.log.read_text()[-3000:] for a in self.agents))

    # -- agents

    def agent(self, failpoints="", url=None, **environment):
        """Starts an agent; with failpoints, the program that has them."""
        agent = Agent(self, failpoints, url or self.database.url, environment)
        self.agents.append(agent)
        return agent

    def successor(self, dead):
        """An agent that knows that the dead one is dead, and waits for no lease: it has its directory."""
        return self.agent(CPI_DATA_DIR=str(dead.directory))

    def remove(self):
        for agent in self.agents:
            agent.remove()
        shutil.rmtree(self.inbox)


class Agent:
    def __init__(self, queue, failpoints, url, environment):
        self.queue = queue
        self.directory = Path(environment.pop("CPI_DATA_DIR", None) or tempfile.mkdtemp(prefix="cpi-fault-agent-"))
        self.log = self.directory / "agent.log"
        self.program = BREAKABLE if failpoints else harness.CPI
        self.environment = {**{k: v for k, v in os.environ.items() if not k.startswith("CPI_")},
                            "CPI_DATA_DIR": str(self.directory), "HOST": "127.0.0.1", "PORT": "0", "API_KEY": "fault",
                            "MANAGEMENT_DATABASE_URL": url, "CPI_LOCAL_ROOTS": str(queue.inbox),
                            "CPI_FAILPOINTS": failpoints, **environment}
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(self.program), "serve"], env=self.environment, cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def reached(self, failpoint):
        """Waits until the failpoint was hit."""
        until(lambda: f"failpoint {failpoint}\n" in self.log.read_text() or self.process.poll() is not None,
              f"failpoint {failpoint}")
        return f"failpoint {failpoint}\n" in self.log.read_text()

    def send(self, how):
        self.process.send_signal(how)

    def stop(self, how=signal.SIGTERM, patience=60):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=patience)

    def remove(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


class Proxy:
    """Carries TCP to a server and looks at what the client sends. `rule(bytes)` says what becomes of a message that
    holds them: "pass", "cut" (before it is forwarded) or "cut after" (forwarded, the answer never arrives)."""

    def __init__(self, port):
        self.port = port
        self.rule = lambda data: "pass"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.own_port = self._listener.getsockname()[1]
        self._pairs = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database):
        return database.url.replace(f":{self.port}/", f":{self.own_port}/")

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                client.close()
                continue
            self._pairs.append((client, server))
            threading.Thread(target=self._up, args=(client, server), daemon=True).start()
            threading.Thread(target=self._down, args=(client, server), daemon=True).start()

    def _up(self, client, server):
        try:
            while data := client.recv(65536):
                verdict = self.rule(data)
                if verdict == "cut":
                    break
                if verdict == "cut after":
                    # The client hears nothing more; the server gets its message and is left to finish.
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(data)
                    time.sleep(0.5)
                    break
                server.sendall(data)
        except OSError:
            pass
        self._close(client, server)

    def _down(self, client, server):
        try:
            while data := server.recv(65536):
                client.sendall(data)
        except OSError:
            pass
        self._close(client, server)

    @staticmethod
    def _close(*sockets):
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut_all(self):
        for pair in self._pairs:
            self._close(*pair)

    def remove(self):
        self._close(self._listener)  # wakes the thread that accepts, which would hold the port open
        self._listener.close()
        self.cut_all()
