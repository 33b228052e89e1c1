"""What REST refuses, line by line of api.md: the status, the field by its path, and how to mend it."""

import http.client

import pytest

ERROR_FIELDS = {"code", "message", "details", "hint", "detail"}
NOBODY = "00000000-0000-4000-8000-000000000000"
URL = "postgresql://u:p@h/db"


@pytest.fixture(scope="module", autouse=True)
def rows(agent):
    """A connection and a project that the refused requests speak of."""
    assert agent.post("/connections", {"name": "refusals", "database_url": URL}).status == 201
    assert agent.post("/projects", {"name": "refusals", "config": {}}).status == 201
    yield
    agent.delete("/projects/refusals")
    agent.delete("/connections/refusals")


def check(response, status, words):
    assert response.status == status, response
    body = response.json
    assert ERROR_FIELDS <= set(body) and body["detail"] == body["message"], body
    text = response.body.decode()
    for word in words:
        assert word.replace('"', '\\"') in text, (word, text)


@pytest.mark.parametrize("method,path,body,status,words", [
    # 400
    ("POST", "/import", {"project": "refusals"}, 400, ['project "refusals" has no connection', "connection_id"]),
    ("GET", "/connections/%zz", None, 400, ["%25"]),
    ("GET", "/connections/%ff", None, 400, ["UTF-8"]),
    ("GET", "/jobs?project=%zz", None, 400, ["%25"]),
    # 404
    ("GET", "/nope", None, 404, ["no such path: /nope"]),
    ("GET", "/jbos", None, 404, ["Did you mean /jobs?"]),
    ("GET", "/jobs/", None, 404, ["Did you mean /jobs?"]),
    ("GET", "/connections/refusal", None, 404, ['Did you mean "refusals"?']),
    ("GET", f"/connections/{NOBODY}", None, 404, [NOBODY]),
    ("GET", "/projects/refusal", None, 404, ['Did you mean "refusals"?']),
    ("GET", f"/projects/{NOBODY}", None, 404, [NOBODY]),
    ("POST", "/import", {"project": "refusal"}, 404, ['Did you mean "refusals"?']),
    ("GET", "/jobs/none", None, 404, ['job "none" does not exist']),
    ("GET", f"/jobs/{NOBODY}", None, 404, [NOBODY]),
    ("POST", f"/jobs/{NOBODY}/cancel", None, 404, []), ("POST", f"/jobs/{NOBODY}/retry", None, 404, []),
    ("GET", f"/jobs/{NOBODY}/rejects", None, 404, []), ("GET", f"/jobs/{NOBODY}/deliveries", None, 404, []),
    ("GET", f"/jobs/{NOBODY}/events", None, 404, []), ("POST", f"/deliveries/{NOBODY}/retry", None, 404, []),
    ("DELETE", "/sources/none", None, 404, []), ("DELETE", "/api-keys/none", None, 404, []),
    ("DELETE", "/connections/none", None, 404, []), ("DELETE", "/projects/none", None, 404, []),
    ("POST", "/connections/none/test", None, 404, []),
    # 405 (Allow is looked at below)
    ("PATCH", "/connections/refusals", {}, 405, ["DELETE, GET, HEAD, OPTIONS, PUT"]),
    ("GET", "/import", None, 405, ["OPTIONS, POST"]), ("DELETE", "/jobs", None, 405, ["GET, HEAD, OPTIONS"]),
    # 409
    ("POST", "/connections", {"name": "refusals", "database_url": URL}, 409, ["exists already"]),
    ("POST", "/projects", {"name": "refusals"}, 409, ["exists already"]),
    # 422: missing, unknown, of the wrong type, out of range
    ("POST", "/connections", {}, 422, ["name", "database_url", "2 fields are wrong"]),
    ("POST", "/connections", {"name": "", "database_url": None}, 422, ["2 fields are wrong"]),
    ("POST", "/connections", {"nam": "x", "database_url": URL}, 422, ['Did you mean "name"?']),
    ("POST", "/connections", {"name": 5, "database_url": ["x"]}, 422, ["must be a string", "2 fields"]),
    ("POST", "/connections", {"name": NOBODY, "database_url": URL}, 422, ["looks like a UUID"]),
    ("POST", "/connections", {"name": "x" * 256, "database_url": URL}, 422, ["255"]),
    ("POST", "/connections", {"name": " x", "database_url": URL}, 422, ["blank"]),
    ("POST", "/connections", {"name": "y", "database_url": "mysql://u@h/d"}, 422, ["postgresql://"]),
    ("PUT", "/connections/refusals", [], 422, ["not an object"]),
    ("POST", "/projects", {"name": "y", "connection_id": "none"}, 422, ["connection_id"]),
    ("POST", "/projects", {"name": "y", "config": "x"}, 422, ["config"]),
    ("POST", "/projects", {"name": "y", "config": {"name": "z"}}, 422, ["config.name"]),
    ("POST", "/projects", {"name": "y", "config": {"defaults": {"file_patern": "*"}}}, 422,
     ["config.defaults.file_patern", 'did you mean "file_pattern"?']),
    ("POST", "/projects", {"name": "y", "config": {"tables": [{"file_pattern": "*", "on_error": "go"}]}}, 422,
     ["config.tables[0].on_error"]),
    ("POST", "/import", None, 422, ["project: is missing"]),
    ("POST", "/import", {"project": "refusals", "force": "yes"}, 422, ["force: must be true or false"]),
    ("POST", "/import", {"project": "refusals", "local_files": []}, 422, ["local_files"]),
    ("POST", "/import", {"project": "refusals", "local_files": ["a", 1]}, 422, ["local_files[1]"]),
    ("POST", "/import", {"project": "refusals", "callback_url": "ftp://x"}, 422, ["callback_url"]),
    ("POST", "/import?wait=61", {"project": "refusals"}, 422, ["wait", "0 to 60"]),
    ("POST", "/import?wait=-1", {"project": "refusals"}, 422, ["wait"]),
    ("POST", "/import?wait=nan", {"project": "refusals"}, 422, ["wait"]),
    ("GET", "/jobs?limit=0", None, 422, ["1 to 100"]), ("GET", "/jobs?limit=101", None, 422, ["1 to 100"]),
    ("GET", "/jobs?limit=ten", None, 422, ["limit"]), ("GET", "/jobs?limt=1", None, 422, ['Did you mean "limit"?']),
    ("GET", "/jobs?limit=99999999999", None, 422, ["limit"]), ("GET", "/jobs?offset=-1", None, 422, ["offset"]),
    ("GET", "/jobs?offset=10001", None, 422, ["cursor"]), ("GET", "/jobs?cursor=x", None, 422, ["next"]),
    ("GET", "/jobs?status=sleeping", None, 422, ["pending, running"]),
    ("GET", "/jobs?limit=1&limit=2", None, 422, ["more than once"]),
    ("GET", f"/jobs/{NOBODY}?include_details=nein", None, 422, ["neither true nor false"]),
    ("POST", "/api-keys", {"name": "y", "role": "viewr"}, 422, ["viewer, operator and admin"]),
    ("POST", "/api-keys", {"name": "y", "role": "viewer", "expires_at": "2001-01-01T00:00:00Z"}, 422, ["is past"]),
    ("POST", "/api-keys", {"name": "y", "role": "viewer", "expires_at": "tomorrow"}, 422, ["ISO 8601"]),
    ("PUT", "/settings", {"lease_seconds": 0}, 422, ["lease_seconds"]),
    ("PUT", "/settings", {"lease_second": 9}, 422, ['Did you mean "lease_seconds"?']),
    ("PUT", "/settings", {"heartbeat_seconds": 50}, 422, ["a third of lease_seconds"]),
])
def test_a_refusal_names_what_is_wrong_and_how_to_mend_it(agent, method, path, body, status, words):
    response = agent.call(method, path, body)
    check(response, status, words)
    if status == 405:
        assert response.headers["Allow"] == words[0]
    if status == 422 and body != []:
        assert all({"path", "message", "hint"} <= set(error) for error in response.json["errors"])


@pytest.mark.parametrize("raw,type,status", [
    ("{", "application/json", 400), ('{"a": 1}{', "application/json", 400), ("\xff", "application/json", 400),
    ('{"project": "a", "project": "b"}', "application/json", 400),
    ("a=b", "application/x-www-form-urlencoded", 415), ("project: x", "text/yaml", 415),
])
def test_a_body_that_is_no_json_is_told_apart(agent, raw, type, status):
    response = agent.call("POST", "/import", raw=raw.encode("latin-1"), headers={"Content-Type": type})
    assert response.status == status and ERROR_FIELDS <= set(response.json), response
    if status == 415:
        assert "application/json" in response.json["hint"]


def test_a_post_without_a_body_needs_no_content_type(agent):
    assert agent.call("POST", "/connections/refusals/test").status == 200


def test_missing_and_null_change_nothing_and_an_empty_string_clears(agent, name):
    assert agent.post("/connections", {"name": name, "description": "d", "database_url": URL}).status == 201
    for body in ({}, {"description": None, "name": None, "database_url": None}, {"name": "", "database_url": ""}):
        answer = agent.put(f"/connections/{name}", body)
        assert answer.status == 200
        assert (answer.json["name"], answer.json["description"], answer.json["database_url"]) == (name, "d", URL), body
    assert agent.put(f"/connections/{name}", {"description": ""}).json["description"] is None
    assert agent.delete(f"/connections/{name}").status == 204


def test_head_answers_as_get_without_the_body(agent):
    for path in ("/", "/health", "/jobs", "/connections/refusals", "/nope"):
        head, get = agent.call("HEAD", path), agent.get(path)
        assert head.status == get.status and head.body == b""
        assert head.headers["Content-Length"] == get.headers["Content-Length"], path


def test_what_is_made_has_a_location_that_leads_to_it(agent, name):
    made = agent.post("/connections", {"name": name, "database_url": URL})
    assert agent.get(made.headers["Location"]).json["id"] == made.json["id"]
    awkward = name + " äöü/&?#"
    made = agent.post("/projects", {"name": awkward, "connection_id": name, "config": {}})
    assert made.status == 201 and agent.get(made.headers["Location"]).json["name"] == awkward
    assert agent.delete(made.headers["Location"]).status == 204
    assert agent.delete(f"/connections/{name}").status == 204


def test_a_retry_tries_only_the_files_that_failed(agent, database, name):
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "good.csv").write_text("id\n1\n")
    (folder / "bad.csv").write_text("no_id\n1\n")
    first = agent.run_import(name)
    assert first["status"] == "partial", first
    (folder / "bad.csv").write_text("id\n1\n")
    answer = agent.post(f"/jobs/{first['id']}/retry?wait=30")
    assert answer.status == 202 and answer.headers["Location"] == f"/jobs/{answer.json['job_id']}"
    again = agent.get(f"/jobs/{answer.json['job_id']}").json
    assert again["retry_of"] == first["id"] and again["status"] == "completed", again
    assert [file["filename"] for file in again["file_results"]] == ["bad.csv"]
    assert agent.post(f"/jobs/{again['id']}/retry").status == 409
    assert agent.post(f"/jobs/{again['id']}/cancel").status == 409


def test_a_proxy_may_send_the_whole_url(agent):
    connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=30)
    connection.request("GET", f"http://127.0.0.1:{agent.port}/health")
    assert connection.getresponse().status == 200
    connection.close()
