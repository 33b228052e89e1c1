"""What SFTP sources meet in bad nights: cuts, stalls, drips, files that change while they are read, a spool that is full,
agents that die. Nothing may be loaded by half, nothing be left behind, and the error must say what it was."""

import os
import signal
import subprocess

import harness
import pytest

from fault_proxy import FaultProxy
from sftp_server import Sshd, errors, new_project, until

ROWS = 200_000
CONTENT = b"id,name\n" + b"".join(b"%d,name of row %d\n" % (i, i) for i in range(ROWS))


@pytest.fixture(scope="module")
def sshd():
    server = Sshd()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def agent():
    """One that does not wait long: for an answer two seconds, between attempts one."""
    running = harness.Agent(CPI_SPOOL_MAX="20MB")
    running.sql("SELECT cpi_update_settings(source_timeout_seconds => 2, retry_1_seconds => 1, retry_2_seconds => 1,"
                " retry_3_seconds => 1, poll_seconds => 0.2, heartbeat_seconds => 0.2)")
    running.stop()
    running.start()
    yield running
    running.remove()


@pytest.fixture
def proxy(sshd):
    between = FaultProxy(sshd.port)
    yield between
    between.remove()


@pytest.fixture
def project(agent, database, sshd, proxy, name):
    """A project that reads its own directory of the server through the proxy. Returns the directory."""
    folder = sshd.home / name
    folder.mkdir()
    sshd.give(folder)
    settings = sshd.settings(port=proxy.port, remote_path=str(folder), key_path=str(sshd.key("ed25519")))
    new_project(agent, database, name, settings)
    return folder


def spooled(agent):
    """Bytes that the agent has in files of its spool: nameless ones are found among its descriptors."""
    total = 0
    for fd in os.listdir(f"/proc/{agent.process.pid}/fd"):
        path = f"/proc/{agent.process.pid}/fd/{fd}"
        try:
            if "/spool/" in os.readlink(path):
                total += os.stat(path).st_size
        except OSError:
            pass
    return total


def nothing_is_left(agent):
    assert os.listdir(agent.directory / "spool") == []
    until(lambda: spooled(agent) == 0, "the spool is empty")


def waits_because(agent, job_id, words):
    """The job has failed an attempt with these words, and waits for the next one or is in it."""
    until(lambda: words in (agent.get(f"/jobs/{job_id}").json["last_error"] or ""), words)
    return agent.get(f"/jobs/{job_id}").json


def loaded_once(agent, database, job):
    assert job["status"] == "completed" and job["total_inserted"] == ROWS, job
    assert database.value("SELECT count(*) FROM items") == ROWS
    assert database.value("SELECT count(*) FROM cpi.import_ledger") == 1
    nothing_is_left(agent)


@pytest.mark.parametrize("after", [0, 100, 3000, 100_000, 2_000_000])
def test_a_connection_cut_anywhere_is_tried_again(agent, database, sshd, proxy, project, name, after):
    sshd.put(f"{name}/items.csv", CONTENT)
    proxy.cut_after = after
    job_id = agent.post("/import", {"project": name}).json["job_id"]
    job = waits_because(agent, job_id, "SFTP server" if after else "no SSH server")
    assert job["status"] in ("pending", "running"), job
    proxy.heal()
    loaded_once(agent, database, agent.wait(job_id))


@pytest.mark.parametrize("after", [1000, 500_000])
def test_a_server_that_falls_silent_is_left_after_a_time(agent, database, sshd, proxy, project, name, after):
    sshd.put(f"{name}/items.csv", CONTENT)
    proxy.stall_after = after
    job_id = agent.post("/import", {"project": name}).json["job_id"]
    waits_because(agent, job_id, "did not answer within 2 s")
    proxy.heal()
    loaded_once(agent, database, agent.wait(job_id))


def test_a_server_that_drips_is_left_after_a_time(agent, database, sshd, proxy, project, name):
    sshd.put(f"{name}/items.csv", CONTENT)
    proxy.rate = 100
    job_id = agent.post("/import", {"project": name}).json["job_id"]
    waits_because(agent, job_id, "did not answer within 2 s")
    proxy.heal()
    loaded_once(agent, database, agent.wait(job_id))


def test_a_cancel_does_not_wait_for_a_silent_server(agent, sshd, proxy, project, name):
    agent.sql("SELECT cpi_update_settings(source_timeout_seconds => 60)")
    agent.stop()
    agent.start()
    try:
        sshd.put(f"{name}/items.csv", CONTENT)
        proxy.stall_after = 500_000
        job_id = agent.post("/import", {"project": name}).json["job_id"]
        until(lambda: spooled(agent) > 0, "the transfer has begun")
        agent.post(f"/jobs/{job_id}/cancel")
        job = agent.get(f"/jobs/{job_id}?wait=20").json
        assert job["status"] == "cancelled", job
        nothing_is_left(agent)
    finally:
        agent.sql("SELECT cpi_update_settings(source_timeout_seconds => 2)")
        agent.stop()
        agent.start()


def test_a_session_that_died_between_two_files_is_made_anew(agent, database, sshd, proxy, project, name):
    for i in range(3):
        sshd.put(f"{name}/items{i}.csv", f"id\n{i}\n")
    agent.put(f"/projects/{name}", {"config": {"stable_seconds": 0, "defaults": {"primary_key": "id"},
                                               "table_naming": {}, "tables": [
        {"file_pattern": "*", "target_table": "items", "primary_key": "id"}]}})
    database.execute("CREATE TABLE items (id int PRIMARY KEY)")
    lock = database.cluster.connect(database.name)
    lock.autocommit = False
    lock.cursor().execute("LOCK TABLE items")
    job_id = agent.post("/import", {"project": name}).json["job_id"]
    until(lambda: database.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'items'::regclass") > 0,
          "the first load waits for its table")
    proxy.cut()
    lock.rollback()
    job = agent.wait(job_id)
    assert job["status"] == "completed" and job["files_processed"] == 3 and job["attempt"] == 1, job
    assert proxy.connections == 2


def stalled_transfer(agent, sshd, proxy, name):
    """A job in the middle of the transfer of its file."""
    path = sshd.put(f"{name}/items.csv", CONTENT)
    proxy.stall_after = 1_000_000
    job_id = agent.post("/import", {"project": name}).json["job_id"]
    until(lambda: spooled(agent) > 0, "the transfer has begun")
    return job_id, path


@pytest.mark.parametrize("how", ["grows", "is cut", "is replaced", "goes away"])
def test_a_file_that_changes_while_it_is_read_is_not_loaded(agent, database, sshd, proxy, project, name, how):
    job_id, path = stalled_transfer(agent, sshd, proxy, name)
    if how == "grows":
        with open(path, "ab") as file:
            file.write(b"999999999,late\n")
    elif how == "is cut":
        os.truncate(path, len(CONTENT) // 2)
    elif how == "is replaced":
        other = sshd.put(f"{name}/.other", CONTENT.replace(b"name", b"NAME"), age=5)
        os.rename(other, path)
    else:
        path.unlink()
    proxy.stall_after = None
    job = agent.wait(job_id) if how == "goes away" else waits_because(agent, job_id, "changed")
    if how == "goes away":
        assert job["status"] == "failed", job
    else:
        agent.wait(job_id)
        job = agent.get(f"/jobs/{job_id}").json
        assert job["status"] == "failed" and "changed since it was listed" in errors(job), job
    assert database.value("SELECT to_regclass('items')") is None
    nothing_is_left(agent)


def test_a_file_larger_than_the_spool_says_which_setting(agent, database, sshd, project, name):
    path = sshd.put(f"{name}/items.csv", b"")
    os.truncate(path, 21 << 20)
    job = agent.run_import(name)
    assert job["status"] == "failed" and job["attempt"] == 1 and "CPI_SPOOL_MAX" in errors(job), job


def test_two_jobs_share_the_spool(agent, cluster, sshd, name):
    """Two files of 12 MB each through a spool of 20 MB: one waits for the other."""
    content = b"id,name\n" + b"".join(b"%d,%s\n" % (i, b"x" * 100) for i in range(110_000))
    jobs = []
    for side in ("left", "right"):
        database = cluster.create_database(f"{name}_{side}".lower())
        sshd.put(f"{name}_{side}/items.csv", content)
        settings = sshd.settings(remote_path=str(sshd.home / f"{name}_{side}"), key_path=str(sshd.key("ed25519")))
        new_project(agent, database, f"{name}_{side}", settings)
    for side in ("left", "right"):
        jobs.append(agent.post("/import", {"project": f"{name}_{side}"}).json["job_id"])
    for job_id in jobs:
        job = agent.wait(job_id)
        assert job["status"] == "completed" and job["attempt"] == 1, job
    nothing_is_left(agent)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: mounts a small disk")
def test_a_full_disk_is_told_and_tried_later(agent, database, sshd, project, name):
    sshd.put(f"{name}/items.csv", CONTENT)
    spool = f"/proc/{agent.process.pid}/root{agent.directory}/spool"
    os.makedirs(agent.directory / "spool", exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(agent.directory / "spool")],
                             stderr=subprocess.PIPE, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr}")
    try:
        job_id = agent.post("/import", {"project": name}).json["job_id"]
        waits_because(agent, job_id, "no room for")
        assert os.listdir(spool) == []
    finally:
        subprocess.run(["umount", str(agent.directory / "spool")], check=True)
    loaded_once(agent, database, agent.wait(job_id))


def test_a_killed_agent_leaves_no_spool_and_its_job_is_finished(agent, database, sshd, proxy, project, name):
    agent.sql("SELECT cpi_update_settings(lease_seconds => 2, source_timeout_seconds => 60)")
    job_id, _ = stalled_transfer(agent, sshd, proxy, name)
    agent.stop(signal.SIGKILL)
    proxy.heal()
    assert os.listdir(agent.directory / "spool") == []
    agent.start()
    try:
        loaded_once(agent, database, agent.wait(job_id))
    finally:
        agent.sql("SELECT cpi_update_settings(lease_seconds => 60, source_timeout_seconds => 2)")
        agent.stop()
        agent.start()


def test_a_spool_without_nameless_files_is_swept(agent):
    """What an agent left there that was killed between making a file and unlinking it."""
    left = agent.directory / "spool" / "cpi-spool-abc123"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"x")
    agent.stop()
    agent.start()
    assert not left.exists()


@pytest.fixture
def liar(agent, database, name, request):
    """A server that lies as the test asks, with one file, and a project that reads it."""
    server = Sshd(sftp=f"/usr/bin/python3 {os.path.dirname(__file__)}/lying_sftp.py {request.param}")
    server.put("items.csv", CONTENT)
    new_project(agent, database, name, server.settings(key_path=str(server.key("ed25519"))))
    yield server
    server.remove()


@pytest.mark.parametrize("liar", ["short", "bare"], indirect=True)
def test_a_server_that_answers_little_at_a_time_or_says_little_is_right(agent, database, liar, name):
    job = agent.run_import(name)
    loaded_once(agent, database, job)
    assert database.value("SELECT sum(id::int) FROM items") == ROWS * (ROWS - 1) // 2


@pytest.mark.parametrize("liar", ["bigger"], indirect=True)
def test_a_server_that_announces_too_much_is_found_out(agent, database, liar, name):
    job = agent.run_import(name)
    assert job["status"] == "failed" and job["attempt"] == 4, job
    assert f"announced {2 * len(CONTENT)} bytes and has no byte at" in errors(job), job
    assert database.value("SELECT to_regclass('items')") is None
    nothing_is_left(agent)


@pytest.mark.parametrize("liar", ["smaller"], indirect=True)
def test_a_server_that_announces_too_little_is_found_out(agent, database, liar, name):
    job = agent.run_import(name)
    assert job["status"] == "failed" and "more than" in errors(job), job
    assert database.value("SELECT to_regclass('items')") is None


@pytest.mark.parametrize("liar", ["slashes"], indirect=True)
def test_names_that_no_directory_can_hold_are_not_believed(agent, liar, name):
    job = agent.run_import(name)
    assert job["status"] == "completed" and job["files_processed"] == 0, job


@pytest.mark.parametrize("liar, words", [("endless", "holds more than"), ("garbage", "SFTP server")], indirect=["liar"])
def test_a_server_that_talks_nonsense_fails_the_job_and_not_the_agent(agent, liar, name, words):
    job = agent.run_import(name)
    assert job["status"] == "failed" and words in errors(job), job
    assert agent.get("/health").status == 200
