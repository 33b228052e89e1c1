"""The embedded PostgreSQL is created, started, stopped and found again by cpi serve."""

import signal
import subprocess

import harness
import pytest


@pytest.fixture
def own_agent():
    running = harness.Agent()
    yield running
    running.remove()


def test_everything_is_there_again_after_a_stop(own_agent):
    assert own_agent.post("/projects", {"name": "kept", "config": {}}).status == 201
    assert own_agent.stop() == 0
    assert not (own_agent.directory / "postgres" / "postmaster.pid").exists()
    own_agent.start()
    assert own_agent.get("/projects/kept").status == 200


def test_a_server_left_by_a_killed_agent_is_found_again(own_agent):
    own_agent.stop(signal.SIGKILL)
    assert (own_agent.directory / "postgres" / "postmaster.pid").exists()
    own_agent.start()
    assert own_agent.get("/health").json["management_db"] is True
    assert own_agent.stop() == 0
    assert not (own_agent.directory / "postgres" / "postmaster.pid").exists()
    own_agent.start()


def test_a_second_agent_on_the_same_directory_says_what_to_do(own_agent):
    environment = {**own_agent.environment, "PORT": "0"}
    second = subprocess.run([str(harness.CPI), "serve"], env=environment, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert "another cpi serve uses" in second.stderr and "MANAGEMENT_DATABASE_URL" in second.stderr


def test_jobs_and_psql_without_a_server_say_how_to_start_it(tmp_path):
    for command in (["jobs"], ["psql", "-c", "SELECT 1"]):
        result = harness.run_cpi(*command, environment={"CPI_DATA_DIR": str(tmp_path)})
        assert result.returncode == 1, result
        assert "cpi serve" in result.stderr, result.stderr
