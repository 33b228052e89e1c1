"""Agents and servers die at moments drawn by chance; the rows of a load are applied exactly once all the same."""

import os
import random
import signal
import time

import harness
import oracle
import pytest

ROWS = 300_000
ROUNDS = int(os.environ.get("CPI_FAULT_ROUNDS", 4))
SEED = int(os.environ.get("CPI_FAULT_SEED", time.time_ns() % 1_000_000))


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    path = harness.make_directory("cpi-fault-") / "t.csv"
    with open(path, "w") as file:
        file.write("id,payload\n")
        file.writelines(f"{i},row {i}\n" for i in range(1, ROWS + 1))
    yield path
    path.unlink()
    path.parent.rmdir()


@pytest.fixture
def short_leases():
    running = harness.Agent()
    response = running.put("/settings", {"lease_seconds": 6, "heartbeat_seconds": 1, "poll_seconds": 1,
                                         "retry_1_seconds": 1, "retry_2_seconds": 1, "retry_3_seconds": 1})
    assert response.status == 200, response
    running.stop()
    running.start()
    yield running
    running.remove()


def prepare(agent, database, name, content):
    database.execute("CREATE TABLE t (id int PRIMARY KEY, payload text NOT NULL)")
    folder = agent.project(name, database)
    os.link(content, folder / "t.csv")
    return agent.post("/import", {"project": name}).json["job_id"]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_an_agent_killed_in_mid_load(short_leases, database, name, content, number):
    chance = random.Random(SEED + number)
    print(f"CPI_FAULT_SEED={SEED}")
    job = prepare(short_leases, database, name, content)
    time.sleep(chance.uniform(0.05, 1.5))
    short_leases.stop(signal.SIGKILL)
    short_leases.start()
    oracle.check(short_leases, database, short_leases.wait(job), ROWS)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_target_server_that_stops_at_once(short_leases, name, content, number):
    chance = random.Random(SEED + 100 + number)
    print(f"CPI_FAULT_SEED={SEED}")
    server = harness.Cluster()
    try:
        database = server.create_database("target")
        job = prepare(short_leases, database, name, content)
        time.sleep(chance.uniform(0.05, 1.5))
        server.stop("immediate")
        server.start()
        oracle.check(short_leases, harness.Database(server, "target"), short_leases.wait(job), ROWS)
    finally:
        server.remove()


def test_a_stop_in_mid_load_gives_the_job_back_without_a_charge(short_leases, database, name, content):
    job = prepare(short_leases, database, name, content)
    while short_leases.get(f"/jobs/{job}").json["status"] == "pending":
        time.sleep(0.01)
    assert short_leases.stop() == 0
    short_leases.start()
    ended = short_leases.wait(job)
    oracle.check(short_leases, database, ended, ROWS)


def test_a_stopped_agent_that_comes_back_after_its_lease_changes_nothing(short_leases, database, name, content):
    """SIGSTOP past the lease: the load is taken over by itself when it wakes, or was committed before; never both."""
    job = prepare(short_leases, database, name, content)
    time.sleep(0.4)
    short_leases.process.send_signal(signal.SIGSTOP)
    time.sleep(8)
    short_leases.process.send_signal(signal.SIGCONT)
    oracle.check(short_leases, database, short_leases.wait(job), ROWS)
