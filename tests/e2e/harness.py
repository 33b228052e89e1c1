"""The real programs, started on free ports in directories of their own, and stopped again.

Nothing here knows what is tested: tests/e2e/conftest.py hands these to the tests as fixtures.
"""

import glob
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", ROOT / "build"))
CPI = BUILD / "cpi"
DATA = ROOT / "tests" / "data"
SHARED = Path(os.environ.get("CPI_SHARED_DATA", ROOT.parent / "shared" / "data"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """Whether somebody listens on the port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def server_programs():
    """The directory of initdb and pg_ctl."""
    return Path(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[-1]).parent


def make_directory(prefix):
    """A fresh directory that the unprivileged user of the servers may enter."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o755)
    return path


class Cluster:
    """A private PostgreSQL server on a free TCP port with password login: a customer's database server."""

    def __init__(self):
        self.directory = make_directory("cpi-e2e-target-")
        self.port = free_port()
        self._as_server = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.directory, user.pw_uid, user.pw_gid)
            self._as_server = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        password_file = self.directory / "password"
        password_file.write_text("owner")
        password_file.chmod(0o644)
        self._run("initdb", "-D", str(self.directory / "data"), "-U", "owner", "-A", "scram-sha-256", "--no-sync",
                  "--encoding=UTF8", "--locale=C.UTF-8", f"--pwfile={password_file}")
        with open(self.directory / "data" / "postgresql.conf", "a") as conf:
            conf.write(f"listen_addresses='127.0.0.1'\nport={self.port}\nfsync=off\n"
                       f"unix_socket_directories='{self.directory}'\nmax_prepared_transactions=0\n")
        self.start()

    def _run(self, program, *arguments):
        subprocess.run([*self._as_server, str(server_programs() / program), *arguments], check=True, cwd="/",
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def start(self):
        self._run("pg_ctl", "start", "-w", "-D", str(self.directory / "data"), "-l", str(self.directory / "log"))

    def stop(self, mode="fast"):
        self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self.directory / "data"))

    def remove(self):
        self.stop("immediate")
        shutil.rmtree(self.directory)

    def url(self, database, user="owner", password="owner"):
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database):
        connection = psycopg2.connect(self.url(database))
        connection.autocommit = True
        return connection

    def create_database(self, name):
        with self.connect("postgres").cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
        return Database(self, name)


class Database:
    """One database of a Cluster, with short words for what tests ask of it."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.url = cluster.url(name)
        self._connection = cluster.connect(name)

    def execute(self, sql, *parameters):
        with self._connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)

    def rows(self, sql, *parameters):
        with self._connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall()

    def value(self, sql, *parameters):
        return self.rows(sql, *parameters)[0][0]

    def copy_csv(self, table, path, options=""):
        """PostgreSQL's own reading of the same file: what cpi is compared with."""
        with self._connection.cursor() as cursor, open(path, encoding="utf-8") as file:
            cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv, HEADER true{options})", file)


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:2000]!r}>"


class Agent:
    """A running `cpi serve` on the embedded PostgreSQL of a directory of its own."""

    api_key = "e2e-admin-key"

    def __init__(self, directory=None, **environment):
        self.directory = directory or make_directory("cpi-e2e-agent-")
        self.inbox = self.directory / "inbox"
        self.port = free_port()
        self.log = self.directory / "agent.log"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CPI_")},
            "CPI_DATA_DIR": str(self.directory), "HOST": "127.0.0.1", "PORT": str(self.port),
            "API_KEY": self.api_key, **environment}
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([str(CPI), "serve"], env=self.environment, cwd="/", stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"cpi serve ended with {self.process.returncode}:\n{self.log.read_text()}")
            try:
                if self.call("GET", "/health").status == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError(f"cpi serve does not become healthy:\n{self.log.read_text()}")
            time.sleep(0.1)

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=60)

    def freeze(self):
        freeze(self.process)

    def remove(self):
        """Stops agent and embedded server, also one that an agent killed by a test has left running."""
        self.stop()
        pid_file = self.directory / "postgres" / "postmaster.pid"
        if pid_file.exists():
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGINT)
            while pid_file.exists():
                time.sleep(0.05)
        shutil.rmtree(self.directory)

    def call(self, method, path, body=None, headers=None, key=api_key, raw=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        all_headers = dict(headers or {})
        if key:
            all_headers.setdefault("X-API-Key", key)
        payload = raw
        if body is not None:
            payload = json.dumps(body)
            all_headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, payload, all_headers)
        answer = connection.getresponse()
        response = Response(answer.status, answer.headers, answer.read())
        connection.close()
        return response

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, body, **options)

    def put(self, path, body=None, **options):
        return self.call("PUT", path, body, **options)

    def delete(self, path, **options):
        return self.call("DELETE", path, **options)

    def sql(self, sql, *parameters, user="cpi"):
        """The rows that a person with psql gets."""
        connection = psycopg2.connect(host=str(self.directory / "run"), port=5432, dbname="cpi", user=user)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters or None)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def connection(self, name, database):
        """A connection to `database`; its id."""
        response = self.post("/connections", {"name": name, "database_url": database.url})
        assert response.status == 201, response
        return response.json["id"]

    def project(self, name, database, **config):
        """A project that reads its own folder of the inbox. Returns the folder."""
        folder = self.inbox / name
        folder.mkdir()
        folder.chmod(0o755)
        config.setdefault("defaults", {"file_pattern": "*.csv"})
        config.setdefault("local", {"path": str(folder)})
        response = self.post("/projects", {"name": name, "connection_id": self.connection(name, database),
                                           "config": config})
        assert response.status == 201, response
        return folder

    def run_import(self, project, **fields):
        """Imports and waits; the job as `GET /jobs/{id}` shows it."""
        response = self.post("/import", {"project": project, **fields})
        assert response.status == 202, response
        return self.wait(response.json["job_id"])

    def wait(self, job_id):
        for _ in range(4):
            job = self.get(f"/jobs/{job_id}?wait=30").json
            if job["status"] not in ("pending", "running"):
                return job
        raise AssertionError(f"job {job_id} does not end: {job}\n{self.log.read_text()[-3000:]}")


def freeze(process):
    """SIGSTOP, in effect: kill() only asks for it, and threads of a busy machine go on for a while."""
    process.send_signal(signal.SIGSTOP)
    tasks = Path(f"/proc/{process.pid}/task")
    deadline = time.monotonic() + 60
    while any(task.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] != "T" for task in tasks.iterdir()):
        assert time.monotonic() < deadline, f"process {process.pid} does not stop"
        time.sleep(0.001)


def run_cpi(*arguments, environment=None, stdin=subprocess.DEVNULL, timeout=120):
    """Runs the program; its exit code, standard output and standard error."""
    return subprocess.run([str(CPI), *map(str, arguments)], stdin=stdin, capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, **(environment or {})})
