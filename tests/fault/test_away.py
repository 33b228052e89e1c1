"""The management database is frozen, stopped or killed: the agent stays alive, says so once, and never waits for it."""

import os
import signal
import subprocess

import fleet
import harness


def test_an_agent_whose_database_is_frozen_still_ends_when_told(queue):
    agent = queue.agent()
    fleet.until(lambda: queue.database.value("SELECT count(*) FROM cpi_agents"), "the agent is there")
    pids = [pid for (pid,) in queue.database.rows("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                                                  " AND pid <> pg_backend_pid() AND application_name LIKE 'cpi%%'")]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        agent.send(signal.SIGTERM)
        agent.process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        raise AssertionError(agent.log.read_text())
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_an_embedded_server_that_somebody_stopped_comes_back():
    agent = harness.Agent()
    try:
        pid_file = agent.directory / "postgres" / "postmaster.pid"
        before = pid_file.read_text().split()[0]
        os.kill(int(before), signal.SIGINT)
        fleet.until(lambda: pid_file.exists() and pid_file.read_text().split()[0] != before, "a server that is started again")
        fleet.until(lambda: agent.get("/health").status == 200, "a healthy agent")
        log = agent.log.read_text()
        assert log.count("it was stopped or killed") == 1, log
        assert agent.stop() == 0
    finally:
        agent.remove()
