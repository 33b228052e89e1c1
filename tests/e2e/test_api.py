"""REST as api.md says it: paths, methods, status codes, error bodies."""

import base64
import threading
import time

import pytest

ERROR_FIELDS = {"code", "message", "details", "hint", "detail"}


def test_root_and_health(agent):
    root = agent.get("/", key=None)
    assert root.status == 200
    assert {"name", "version", "docs", "health"} <= set(root.json)
    health = agent.get("/health", key=None)
    assert health.status == 200
    assert health.json["status"] == "healthy" and health.json["management_db"] is True and "version" in health.json


def test_docs_ask_nobody_outside(agent):
    page = agent.get("/docs", key=None)
    assert page.status == 200 and "text/html" in page.headers["Content-Type"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"] or "'self'" in page.headers["Content-Security-Policy"]
    assert b"https://" not in page.body and b"http://" not in page.body


def test_openapi_documents_every_route(agent):
    document = agent.get("/openapi.json", key=None).json
    assert document["openapi"].startswith("3.1")
    routes = agent.sql("SELECT method, path FROM cpi_routes")
    assert len(routes) > 20
    for method, path in routes:
        assert method.lower() in document["paths"][path], (method, path)


def test_no_path_404_wrong_method_405(agent):
    missing = agent.get("/no/such/path")
    assert missing.status == 404 and ERROR_FIELDS <= set(missing.json)
    wrong = agent.delete("/import")
    assert wrong.status == 405 and "POST" in wrong.headers["Allow"]
    assert agent.get("/jobs/not-a-uuid").status in (404, 422)
    assert agent.get("/jobs/00000000-0000-0000-0000-000000000000").status == 404


def test_no_key_401_wrong_key_403(agent):
    missing = agent.get("/projects", key=None)
    assert missing.status == 401 and ERROR_FIELDS <= set(missing.json)
    assert agent.get("/projects", key="wrong").status == 403


def test_the_three_ways_to_send_a_key(agent):
    basic = base64.b64encode(f"n8n:{agent.api_key}".encode()).decode()
    for headers in ({"Authorization": f"Bearer {agent.api_key}"}, {"Authorization": f"Basic {basic}"},
                    {"X-API-Key": agent.api_key}):
        assert agent.get("/projects", key=None, headers=headers).status == 200, headers


def test_connections_from_create_to_delete(agent, database, name):
    created = agent.post("/connections", {"name": name, "description": "d", "database_url": database.url})
    assert created.status == 201
    identity = created.json["id"]
    [listed] = [c for c in agent.get("/connections").json["connections"] if c["id"] == identity]
    assert "database_url" not in listed
    assert agent.get("/connections").json["total"] >= 1
    assert agent.get(f"/connections/{name}").json["database_url"] == database.url
    assert agent.post("/connections", {"name": name, "database_url": database.url}).status == 409
    changed = agent.put(f"/connections/{identity}", {"description": ""})
    assert changed.status == 200 and changed.json["description"] in ("", None) and changed.json["name"] == name
    assert agent.post(f"/connections/{identity}/test").json["success"] is True
    assert agent.delete(f"/connections/{identity}").status == 204
    assert agent.get(f"/connections/{identity}").status == 404


def test_projects_from_create_to_delete(agent, database, name):
    connection = agent.connection(name, database)
    created = agent.post("/projects", {"name": name, "connection_id": connection, "config": {}})
    assert created.status == 201, created
    assert {"id", "name", "connection_id", "source_id", "config", "created_at", "updated_at"} <= set(created.json)
    renamed = agent.put(f"/projects/{name}", {"name": name + "_2"})
    assert renamed.status == 200 and renamed.json["name"] == name + "_2"
    cleared = agent.put(f"/projects/{name}_2", {"connection_id": ""})
    assert cleared.json["connection_id"] is None
    assert agent.delete(f"/projects/{name}_2").status == 204
    assert agent.get(f"/projects/{name}_2").status == 404


def test_deleting_a_connection_leaves_its_projects_without_one(agent, database, name):
    connection = agent.connection(name, database)
    agent.post("/projects", {"name": name, "connection_id": connection, "config": {}})
    assert agent.delete(f"/connections/{connection}").status == 204
    assert agent.get(f"/projects/{name}").json["connection_id"] is None


def test_jobs_are_listed_newest_first_with_a_cursor(agent, database, name):
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "t.csv").write_text("id\n1\n")
    jobs = [agent.run_import(name)["id"] for _ in range(3)]
    page = agent.get(f"/jobs?project={name}&limit=2").json
    assert [job["id"] for job in page["jobs"]] == jobs[:0:-1]
    assert page["total"] == 3 and page["total_is_estimate"] is False
    rest = agent.get(page["next"]).json
    assert [job["id"] for job in rest["jobs"]] == jobs[:1] and rest["next"] is None
    assert agent.get("/jobs?limit=101").status == 422
    assert agent.get("/jobs?offset=10001").status == 422
    assert agent.get("/jobs?status=sleeping").status == 422


def test_job_shows_files_and_errors_unless_told_not_to(agent, database, name):
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "t.csv").write_text("id\n1\n")
    job = agent.run_import(name)
    assert {"file_results", "errors", "duration_seconds", "attempt", "progress"} <= set(job)
    assert "file_results" not in agent.get(f"/jobs/{job['id']}?include_details=false").json


def test_wait_answers_when_the_job_has_ended(agent, database, name):
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "t.csv").write_text("id\n1\n")
    response = agent.post("/import?wait=30", {"project": name})
    assert response.status == 202 and response.json["status"] == "completed", response
    assert "queued" not in response.json["message"], "what is over does not wait any more"


def test_waiting_requests_do_not_keep_others_waiting(agent, name):
    """More waiting requests than the pool has sessions, and an ordinary one is still answered."""
    agent.post("/projects", {"name": name, "config": {}})
    agent.sql("INSERT INTO cpi_jobs (project_id, project_name, run_at) SELECT id, name, now() + interval '1 hour'"
              " FROM cpi_projects WHERE name = %s", name, user="postgres")
    [(job,)] = agent.sql("SELECT id FROM cpi_jobs WHERE project_name = %s", name)
    waiting = [threading.Thread(target=agent.get, args=(f"/jobs/{job}?wait=3",)) for _ in range(24)]
    for thread in waiting:
        thread.start()
    time.sleep(0.3)
    assert agent.get("/projects").status == 200
    for thread in waiting:
        thread.join()
    agent.sql("DELETE FROM cpi_jobs WHERE id = %s", job, user="postgres")


def test_idempotency_key_gives_the_same_job_and_refuses_another_request(agent, database, name):
    agent.project(name, database, defaults={"primary_key": "id"})
    headers = {"Idempotency-Key": f"key-{name}"}
    first = agent.post("/import", {"project": name}, headers=headers)
    assert agent.post("/import", {"project": name}, headers=headers).json["job_id"] == first.json["job_id"]
    assert agent.post("/import", {"project": name, "force": True}, headers=headers).status == 422
    agent.wait(first.json["job_id"])


def test_cancel_and_retry_of_an_ended_job(agent, database, name):
    database.execute("CREATE TABLE t (id int PRIMARY KEY)")
    folder = agent.project(name, database)
    (folder / "t.csv").write_text("id\nx\n")
    failed = agent.run_import(name)
    assert failed["status"] == "failed"
    assert agent.post(f"/jobs/{failed['id']}/cancel").status == 409
    (folder / "t.csv").write_text("id\n1\n")
    retried = agent.post(f"/jobs/{failed['id']}/retry")
    assert retried.status == 202, retried
    again = agent.wait(retried.json["job_id"])
    assert again["status"] == "completed" and again["retry_of"] == failed["id"], again


@pytest.mark.parametrize("sql", ["UPDATE cpi_jobs SET status = 'completed'", "DELETE FROM cpi_projects",
                                 "SELECT * FROM cpi_secrets", "SELECT _cpi_get_secret('cpi_connections', gen_random_uuid(), 'database_url')"])
def test_reading_is_open_and_writing_goes_through_functions(agent, sql):
    with pytest.raises(Exception, match="permission denied"):
        agent.sql(sql)


def test_a_new_function_with_a_route_row_is_an_endpoint_without_a_restart(agent):
    agent.sql("CREATE FUNCTION greet(who text) RETURNS jsonb LANGUAGE sql STABLE RETURN jsonb_build_object('hello', who);"
              "GRANT EXECUTE ON FUNCTION greet TO cpi_viewer;"
              "SELECT cpi_publish('GET', '/greet/{who}', 'greet(text)', role => 'viewer', summary => 'Greets.')",
              user="postgres")
    deadline = time.monotonic() + 10
    while agent.get("/greet/Ada").status == 404 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert agent.get("/greet/Ada").json == {"hello": "Ada"}
    assert "/greet/{who}" in agent.get("/openapi.json").json["paths"]
    agent.sql("DELETE FROM cpi_routes WHERE path = '/greet/{who}'; DROP FUNCTION greet", user="postgres")


def test_secrets_are_not_in_a_dump_nor_in_the_log(agent, cluster, name):
    import subprocess
    import harness
    agent.post("/connections", {"name": name, "database_url": f"postgresql://owner:canary-in-db@127.0.0.1:{cluster.port}/x"})
    dump = subprocess.run([str(harness.server_programs() / "pg_dump"), "-h", str(agent.directory / "run"), "-U", "postgres", "cpi"],
                          capture_output=True, text=True, check=True).stdout
    assert name in dump and "canary-in-db" not in dump
    for log in [agent.log, *(agent.directory / "log").iterdir()]:
        assert "canary-in-db" not in log.read_text(), log


def test_a_setting_of_the_wrong_type_is_named(agent):
    for wrong, is_now in (("soon", "a string"), (True, "true"), ([1], "an array")):
        answer = agent.put("/settings", {"lease_seconds": wrong, "max_attempts": 3})
        assert answer.status == 422, answer
        assert [(e["path"], e["message"]) for e in answer.json["errors"]] == [
            ("lease_seconds", f"must be a number, not {is_now}")]
