"""API keys: who may do what, for how long, and who may not even ask."""

import datetime
import http.client
import os
import subprocess
import time
from pathlib import Path

import pytest

import harness

ROLES = ["viewer", "operator", "admin"]


@pytest.fixture(scope="module")
def keys(agent):
    """A key of each role; the names begin with the test module's."""
    made = {role: agent.post("/api-keys", {"name": f"test_keys {role}", "role": role}).json["key"] for role in ROLES}
    yield made
    for role in ROLES:
        agent.delete(f"/api-keys/test_keys%20{role}")


def routes(agent):
    return agent.sql("SELECT method, path, role FROM cpi_routes WHERE role <> 'anyone' AND native IS DISTINCT FROM 'rpc'")


def test_every_route_is_refused_to_every_lesser_role(agent, keys):
    tried = 0
    for method, path, least in routes(agent):
        concrete = path.replace("{id}", "00000000-0000-4000-8000-000000000000").replace("{project}", "none")
        assert agent.call(method, concrete, key=None).status == 401, (method, path)
        for role in ROLES[:ROLES.index(least)]:
            assert agent.call(method, concrete, key=keys[role]).status == 403, (method, path, role)
            tried += 1
    assert tried > 20


def test_no_route_is_refused_to_its_own_role(agent, keys):
    for method, path, least in routes(agent):
        if path == "/jobs/events":
            continue  # never ends; tests of events read it
        concrete = path.replace("{id}", "00000000-0000-4000-8000-000000000000").replace("{project}", "none")
        status = agent.call(method, concrete, key=keys[least], body={} if method in ("POST", "PUT") else None).status
        assert status in (200, 400, 404, 409, 422), (method, path, status)


def test_rpc_leaves_it_to_the_grants(agent, keys):
    assert agent.get("/rpc/cpi_list_jobs?limit=1", key=keys["viewer"]).status == 200
    assert agent.post("/rpc/cpi_list_jobs", {"limit": 1}, key=keys["viewer"]).status == 200
    refused = agent.post("/rpc/cpi_get_connection", {"id": "x"}, key=keys["operator"])
    assert refused.status == 403 and refused.json["code"] == "42501" and refused.json["hint"], refused
    assert agent.post("/rpc/cpi_get_connection", {"id": "no such one"}, key=keys["admin"]).status == 404
    wrong = agent.get("/rpc/cpi_import?project=x", key=keys["admin"])
    assert wrong.status == 405 and "POST" in wrong.headers["Allow"]
    assert agent.post("/rpc/cpi_list_job").json["hint"] == "Did you mean cpi_list_jobs?"


def test_a_key_is_shown_once(agent, keys):
    listed = agent.get("/api-keys")
    assert len(listed.json["api_keys"]) >= 3
    for key in keys.values():
        assert key.encode() not in listed.body
        assert agent.sql("SELECT count(*) FROM cpi_api_keys AS k WHERE k::text LIKE %s", f"%{key[17:]}%",
                         user="postgres") == [(0,)]


def test_a_use_is_noted(agent, name):
    key = agent.post("/api-keys", {"name": name, "role": "viewer"}).json["key"]
    [before] = [k for k in agent.get("/api-keys").json["api_keys"] if k["name"] == name]
    assert before["last_used_at"] is None
    assert agent.get("/jobs", key=key).status == 200
    [after] = [k for k in agent.get("/api-keys").json["api_keys"] if k["name"] == name]
    assert after["last_used_at"] is not None
    agent.delete(f"/api-keys/{name}")


def test_a_revoked_key_is_out_within_a_second(agent, name):
    key = agent.post("/api-keys", {"name": name, "role": "viewer"}).json["key"]
    assert agent.get("/jobs", key=key).status == 200
    assert agent.delete(f"/api-keys/{name}").status == 204
    time.sleep(1)
    assert agent.get("/jobs", key=key).status == 403


def test_a_key_ends_with_its_time(agent, name):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    key = agent.post("/api-keys", {"name": name, "role": "viewer", "expires_at": soon.isoformat()}).json["key"]
    assert agent.get("/jobs", key=key).status == 200
    while datetime.datetime.now(datetime.timezone.utc) < soon + datetime.timedelta(seconds=1):
        time.sleep(0.1)
    assert agent.get("/jobs", key=key).status == 403


def ask(agent, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=30)
    connection.putrequest("GET", path, skip_host=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return harness.Response(answer.status, answer.headers, body)


@pytest.fixture(scope="module")
def open_agent():
    """An agent without a key, for this machine alone."""
    running = harness.Agent(API_KEY="", CORS_ORIGINS="https://dashboard.example.com")
    yield running
    running.remove()


def test_without_a_key_pages_of_others_are_kept_out(open_agent):
    here = f"127.0.0.1:{open_agent.port}"
    assert ask(open_agent, "/jobs", {"Host": here}).status == 200
    for headers in ({"Host": "rebound.example.com"}, {"Host": "rebound.example.com:8000"},
                    {"Host": here, "Origin": "https://elsewhere.example.com"}, {"Host": here, "Origin": "null"}):
        refused = ask(open_agent, "/jobs", headers)
        assert refused.status == 403 and "API_KEY" in refused.json["hint"], headers
    allowed = ask(open_agent, "/jobs", {"Host": here, "Origin": "https://dashboard.example.com"})
    assert allowed.status == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://dashboard.example.com"


def test_without_a_key_no_other_address_is_listened_on(tmp_path):
    result = harness.run_cpi("serve", environment={
        "API_KEY": "", "HOST": "0.0.0.0", "PORT": "0", "CPI_DATA_DIR": str(tmp_path),
        "MANAGEMENT_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert result.returncode != 0
    assert "API_KEY" in result.stderr and "0.0.0.0" in result.stderr, result.stderr


def test_cross_origin_requests_are_answered_for_the_listed_origins_only(agent, open_agent):
    preflight = open_agent.call("OPTIONS", "/import", key=None, headers={
        "Origin": "https://dashboard.example.com", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type"})
    assert preflight.status == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Content-Type" in preflight.headers["Access-Control-Allow-Headers"]
    foreign = agent.get("/jobs", headers={"Origin": "https://dashboard.example.com"})
    assert foreign.status == 200 and foreign.headers["Access-Control-Allow-Origin"] is None


def test_the_process_keeps_its_memory_to_itself(tmp_path):
    """No core file, and no ptrace by other processes of the same user."""
    tmp_path.chmod(0o755)
    as_user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    process = subprocess.Popen([*as_user, str(harness.CPI), "serve"], cwd="/", stderr=subprocess.PIPE, text=True, env={
        **os.environ, "API_KEY": "k", "HOST": "127.0.0.1", "PORT": "0", "CPI_DATA_DIR": str(tmp_path),
        "MANAGEMENT_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    try:
        assert any("listening" in line for line in iter(process.stderr.readline, ""))
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        [core] = [line.split() for line in limits.splitlines() if line.startswith("Max core file size")]
        assert core[4:6] == ["0", "0"], core
        # The files in /proc of a process that is not dumpable belong to root, whoever runs it.
        assert os.stat(f"/proc/{process.pid}/mem").st_uid == 0
    finally:
        process.terminate()
        process.wait(timeout=60)
