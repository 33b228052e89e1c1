"""REST while the management database is away: requests are refused at once and say when to try again, the log tells the
outage once, streams tell that they may have missed something, and everything goes on by itself."""

import time

import pytest

import harness
from test_events import Stream


@pytest.fixture
def served():
    """A management database on a server of its own, and an agent on it."""
    server = harness.Cluster()
    database = server.create_database("management")
    done = harness.run_cpi("init", database.url, environment={"CPI_LOGIN_PASSWORD": "agent"})
    assert done.returncode == 0, done
    agent = harness.Agent(MANAGEMENT_DATABASE_URL=server.url("management", "cpi", "agent"))
    yield server, agent
    agent.remove()
    server.remove()


def wait_for(agent, status):
    deadline = time.monotonic() + 60
    while agent.get("/health", key=None).status != status:
        assert time.monotonic() < deadline, agent.log.read_text()
        time.sleep(0.05)


def test_an_outage_is_told_once_and_passes_by_itself(served):
    server, agent = served
    stream = Stream(agent, "/jobs/events")
    server.stop("immediate")
    wait_for(agent, 503)
    before = len(agent.log.read_text().splitlines())
    for _ in range(40):
        refused = agent.get("/jobs")
        assert refused.status == 503 and int(refused.headers["Retry-After"]) > 0, refused
        assert "5432" not in refused.body.decode() and str(server.port) not in refused.body.decode()
    health = agent.get("/health", key=None)
    assert health.json["status"] == "unhealthy" and health.json["management_db"] is False and "version" in health.json
    assert agent.get("/", key=None).status == 200 and agent.get("/docs", key=None).status == 200
    told = agent.log.read_text().splitlines()
    assert len(told) - before < 10, "not a line per request:\n" + "\n".join(told[before:])

    server.start()
    wait_for(agent, 200)
    lines = [line for line in agent.log.read_text().splitlines() if "part=http" in line]
    assert [line for line in lines if "is away" in line][1:] == [], lines
    assert len([line for line in lines if "connected to the management database" in line]) == 2, lines
    assert "cannot listen" not in agent.log.read_text()
    assert stream.until(lambda e: e["event"] == "missed")
    assert agent.post("/projects", {"name": "afterwards", "config": {}}).status == 201
    stream.close()
