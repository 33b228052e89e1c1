"""Nothing that REST was told in confidence is in any log, not even where the server logs every statement."""

import base64
import time

import pytest


@pytest.fixture
def chatty(agent):
    """The management database logs every statement, its duration and its parameters, as far as it may."""
    settings = {"log_statement": "all", "log_min_duration_statement": "0", "log_min_messages": "debug1",
                "log_min_error_statement": "debug1", "log_parameter_max_length": "-1"}
    for name, value in settings.items():
        agent.sql(f"ALTER SYSTEM SET {name} = '{value}'", user="postgres")
    agent.sql("SELECT pg_reload_conf()", user="postgres")
    time.sleep(1)  # each session takes the new settings before its next statement
    yield
    for name in settings:
        agent.sql(f"ALTER SYSTEM RESET {name}", user="postgres")
    agent.sql("SELECT pg_reload_conf()", user="postgres")


def logs(agent):
    return "".join(path.read_text(errors="replace") for path in [agent.log, *(agent.directory / "log").iterdir()])


def test_no_secret_of_a_request_is_in_any_log(agent, chatty, cluster, name):
    where = f"127.0.0.1:{cluster.port}/postgres"
    agent.post("/connections", {"name": name, "database_url": f"postgresql://owner:canary-url@{where}"})
    agent.put(f"/connections/{name}", {"database_url": f"postgresql://owner:canary-change@{where}"})
    agent.get(f"/connections/{name}")
    agent.post(f"/connections/{name}/test")
    agent.post("/connections", {"name": "", "database_url": f"postgresql://owner:canary-refused@{where}"})
    agent.post("/connections", {"name": name + "x", "database_url": f"mysql://owner:canary-scheme@{where}"})
    agent.post("/connections", {"name": name + "x", "database_url": f"postgresql://owner:canary-raw@at@{where}?x=1"})
    agent.post("/sources", {"name": name, "host": "127.0.0.1", "username": "u", "password": "canary-source"})
    agent.put(f"/sources/{name}", {"password": "canary-other"})
    agent.get(f"/sources/{name}")
    sftp = {"host": "127.0.0.1", "port": 1, "username": "u", "password": "canary-config"}
    assert agent.post("/projects", {"name": name, "connection_id": name, "config": {"sftp": sftp}}).status == 201
    job = agent.post("/import", {"project": name, "sftp_override": {**sftp, "password": "canary-override"},
                                 "callback_url": "http://127.0.0.1:1/hook?token=canary-query"},
                     headers={"Idempotency-Key": name})
    assert job.status == 202, job
    agent.get(f"/jobs/{job.json['job_id']}?wait=2")
    agent.post(f"/jobs/{job.json['job_id']}/cancel")
    key = agent.post("/api-keys", {"name": name, "role": "viewer"}).json["key"]
    for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"},
                    {"Authorization": "Basic " + base64.b64encode(f"n8n:{key}".encode()).decode()}):
        assert agent.get("/jobs?limit=1", key=None, headers=headers).status == 200
    agent.get("/jobs", key="canary-wrong-key")
    agent.post("/connections", raw=b'{"database_url": "canary-malformed', headers={"Content-Type": "application/json"})
    agent.delete(f"/api-keys/{name}")

    text = logs(agent)
    assert "cpi_create_connection" in text and "duration:" in text, "the server did log the statements"
    found = [line for line in text.splitlines() if "canary" in line or key[17:] in line or agent.api_key in line]
    assert found == []
