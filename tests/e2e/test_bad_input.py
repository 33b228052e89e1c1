"""Bad input gets a clear answer that says what, where and how to mend it, and loses nothing."""

import os

import pytest


def fields(response):
    return {error["path"]: error for error in response.json["errors"]}


def test_misspelt_config_key_is_refused_with_the_nearest_one(agent, name):
    response = agent.post("/projects", {"name": name, "config": {"defaults": {"primary_kye": "id", "delimeter": ";"}}})
    assert response.status == 422, response
    errors = fields(response)
    assert "primary_key" in errors["config.defaults.primary_kye"]["hint"]
    assert "delimiter" in errors["config.defaults.delimeter"]["hint"]


def test_raw_at_sign_in_a_password_is_named_with_its_encoded_form(agent, name):
    response = agent.post("/connections", {"name": name, "database_url": "postgresql://user:p@ss@host/db"})
    assert response.status == 422, response
    assert "%40" in response.body.decode()
    assert "p@ss" not in response.json["message"]


def test_raw_percent_in_a_password_is_named_with_its_encoded_form(agent, name):
    response = agent.post("/connections", {"name": name, "database_url": "postgresql://user:100%@host/db"})
    assert response.status == 422, response
    assert "%25" in response.body.decode()


def test_encoded_password_is_decoded(agent, cluster, database, name):
    database.execute("CREATE ROLE tricky LOGIN PASSWORD 'a@b%c/d#e'")
    url = cluster.url(database.name, "tricky", "a%40b%25c%2Fd%23e")
    connection = agent.post("/connections", {"name": name, "database_url": url}).json["id"]
    tested = agent.post(f"/connections/{connection}/test")
    assert tested.status == 200 and tested.json["success"] is True, tested


@pytest.mark.parametrize("url, word", [
    ("postgresql://owner:wrong@127.0.0.1:{port}/postgres", "password"),
    ("postgresql://owner:owner@127.0.0.1:{port}/no_such_db", "no_such_db"),
    ("postgresql://owner:owner@127.0.0.1:1/postgres", "refused"),
])
def test_unreachable_target_is_told_by_the_test_and_by_the_job(agent, cluster, name, url, word):
    url = url.format(port=cluster.port)
    connection = agent.post("/connections", {"name": name, "database_url": url}).json["id"]
    tested = agent.post(f"/connections/{connection}/test")
    assert tested.status == 200
    assert tested.json["success"] is False
    assert word in tested.json["message"]


def test_missing_right_to_create_is_named_with_the_statement_that_grants_it(agent, cluster, database, name):
    database.execute("CREATE ROLE poor LOGIN PASSWORD 'poor'")
    connection = agent.post("/connections", {"name": name, "database_url": cluster.url(database.name, "poor", "poor")})
    folder = agent.inbox / name
    folder.mkdir()
    (folder / "t.csv").write_text("id\n1\n")
    agent.post("/projects", {"name": name, "connection_id": connection.json["id"],
                             "config": {"local": {"path": str(folder)}, "defaults": {"primary_key": "id"}}})
    job = agent.run_import(name)
    assert job["status"] == "failed"
    assert "GRANT" in job["file_results"][0]["error"], job


def test_key_column_that_the_file_lacks(agent, database, name):
    folder = agent.project(name, database, defaults={"primary_key": "customer_id"})
    (folder / "t.csv").write_text("customerid,name\n1,Ada\n")
    job = agent.run_import(name)
    assert job["status"] == "failed"
    error = job["file_results"][0]["error"]
    assert "customer_id" in error and "customerid" in error, error


def test_key_without_a_unique_index_is_told_with_the_statement(agent, database, name):
    database.execute("CREATE TABLE t (id int, name text)")
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "t.csv").write_text("id,name\n1,Ada\n")
    job = agent.run_import(name)
    assert job["status"] == "failed"
    assert "CREATE UNIQUE INDEX" in job["file_results"][0]["error"], job
    assert database.value("SELECT count(*) FROM t") == 0


def test_null_key_costs_its_own_row_only(agent, database, name):
    database.execute("CREATE TABLE t (id int PRIMARY KEY, name text)")
    folder = agent.project(name, database, defaults={"on_error": "continue"})
    (folder / "t.csv").write_text("id,name\n1,Ada\n,Grace\n3,Edsger\n")
    job = agent.run_import(name)
    assert job["status"] == "partial", job
    assert job["file_results"][0]["success"] is True
    assert (job["total_inserted"], job["total_rejected"]) == (2, 1)
    assert agent.sql("SELECT line, column_name FROM cpi_job_rejects JOIN cpi_job_files f ON f.id = file_id WHERE job_id = %s", job["id"]) == [(3, "id")]


def test_on_error_abort_changes_nothing_and_names_the_line(agent, database, name):
    database.execute("CREATE TABLE t (id int PRIMARY KEY, amount numeric(6,2))")
    folder = agent.project(name, database)
    (folder / "t.csv").write_text("id,amount\n1,10.00\n2,ten\n3,30.00\n")
    job = agent.run_import(name)
    assert job["status"] == "failed"
    error = job["file_results"][0]["error"]
    assert "line 3" in error and "amount" in error and "ten" in error, error
    assert database.value("SELECT count(*) FROM t") == 0


def test_bad_rows_never_take_their_neighbours_along(agent, database, name):
    database.execute("CREATE TABLE t (id int PRIMARY KEY, born date, ok boolean)")
    folder = agent.project(name, database, defaults={"on_error": "continue"})
    (folder / "t.csv").write_bytes(b"id,born,ok\n1,2024-02-29,t\n2,2023-02-29,t\nx,2024-01-01,t\n4,2024-01-01\n"
                                   b"5,2024-01-01,t,extra\n6,2024-01-01,maybe\n7,2024-01-01,\xff\n8,2024-12-31,f\n")
    job = agent.run_import(name)
    assert (job["status"], job["total_inserted"], job["total_rejected"]) == ("partial", 2, 6), job
    lines = agent.sql("SELECT line, raw FROM cpi_job_rejects JOIN cpi_job_files f ON f.id = file_id WHERE job_id = %s ORDER BY line", job["id"])
    assert [line for line, _ in lines] == [3, 4, 5, 6, 7, 8]
    assert lines[0][1] == "2,2023-02-29,t"
    assert database.rows("SELECT id FROM t ORDER BY id") == [(1,), (8,)]


@pytest.mark.parametrize("content", ["", "id,name\n", "\ufeffid,name\n"])
def test_a_file_without_rows_succeeds(agent, database, name, content):
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "t.csv").write_text(content, encoding="utf-8")
    job = agent.run_import(name)
    assert job["status"] == "completed", job
    assert job["files_processed"] == 1 and job["total_inserted"] == 0


def test_no_file_at_all_is_completed_with_a_note(agent, database, name):
    agent.project(name, database)
    job = agent.run_import(name)
    assert job["status"] == "completed" and job["files_processed"] == 0, job
    assert job["errors"] or job["last_error"] or job.get("note"), job


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_directories_and_fifos_are_no_files_and_never_hang(agent, database, name, make):
    folder = agent.project(name, database)
    make(folder / "t.csv")
    job = agent.run_import(name, local_files=[str(folder / "t.csv")])
    assert job["status"] == "failed", job
    assert "regular file" in job["file_results"][0]["error"] or "directory" in job["file_results"][0]["error"], job


def test_relative_local_files_are_those_of_the_project(agent, database, name):
    folder = agent.project(name, database)
    (folder / "day").mkdir()
    (folder / "t.csv").write_text("id\n1\n")
    (folder / "day" / "t.csv").write_text("id\n2\n")
    assert agent.run_import(name, local_files=["t.csv"])["status"] == "completed"
    assert agent.run_import(name, local_files=["t.csv"], local_files_base_path="day")["status"] == "completed"
    assert agent.run_import(name, local_files=["day/../../../postgres/PG_VERSION"])["status"] == "failed"
    assert database.rows("SELECT id FROM t ORDER BY id") == [("1",), ("2",)]


def test_files_outside_the_allowed_roots_are_refused(agent, database, name):
    agent.project(name, database)
    job = agent.run_import(name, local_files=["/etc/passwd"])
    assert job["status"] == "failed"
    assert "CPI_LOCAL_ROOTS" in str(job), job


def test_a_named_file_that_is_missing_counts_as_failed(agent, database, name):
    folder = agent.project(name, database)
    job = agent.run_import(name, local_files=[str(folder / "absent.csv")])
    assert job["status"] == "failed" and job["files_failed"] == 1, job
    assert any(error["error_type"] == "FileNotFound" for error in job["errors"]), job


def test_malformed_json_is_400_and_a_large_body_413(agent):
    malformed = agent.call("POST", "/projects", raw='{"name": ', headers={"Content-Type": "application/json"})
    assert malformed.status == 400, malformed
    large = agent.call("POST", "/projects", raw='"' + "x" * 2_000_000 + '"', headers={"Content-Type": "application/json"})
    assert large.status == 413
    text = agent.call("POST", "/projects", raw="name=x", headers={"Content-Type": "text/plain"})
    assert text.status == 415


def test_wrong_types_and_unknown_fields_are_422_by_path(agent):
    response = agent.post("/import", {"projekt": "x", "force": "maybe"})
    assert response.status == 422, response
    errors = fields(response)
    assert "project" in errors["projekt"]["hint"]
    assert "true or false" in errors["force"]["message"]
    assert set(fields(agent.post("/import", {}))) == {"project"}


def test_import_of_a_project_without_a_connection_is_400(agent, name):
    assert agent.post("/projects", {"name": name, "config": {}}).status == 201
    response = agent.post("/import", {"project": name})
    assert response.status == 400, response
    assert name in response.json["detail"]


def test_connection_and_project_of_a_waiting_job_are_not_lost_in_silence(agent, database, name):
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "t.csv").write_text("id\n1\n")
    job = agent.run_import(name)
    assert agent.delete(f"/projects/{name}").status == 204
    assert agent.get(f"/jobs/{job['id']}").json["project_name"] == name
    connection = agent.get(f"/connections/{name}").json["id"]
    assert agent.delete(f"/connections/{connection}").status == 204
    assert agent.get(f"/connections/{connection}").status == 404


@pytest.mark.parametrize("content", ["", "\n", "\r\n\r\n", " \n", "\ufeff", "\ufeff\n"], ids=repr)
def test_a_file_of_nothing_or_blank_lines_succeeds_and_says_so(agent, database, name, content):
    folder = agent.project(name, database)
    (folder / "t.csv").write_text(content)
    job = agent.run_import(name)
    assert job["status"] == "completed", job
    [file] = job["file_results"]
    assert file["read"] == 0 and "nothing was loaded" in file["warnings"][0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "shift_jis"])
def test_a_reject_tells_its_place_in_the_file_as_it_is_encoded(agent, database, name, encoding):
    database.execute("CREATE TABLE t (id int PRIMARY KEY, v text)")
    folder = agent.project(name, database, defaults={"on_error": "continue", "encoding": encoding})
    rows = ["id,v\n"] + [f"{i},日本\n" for i in range(200_000)]
    rows[150_000] = "x,日本\n"
    (folder / "t.csv").write_text("".join(rows), encoding=encoding)
    job = agent.run_import(name)
    assert (job["total_inserted"], job["total_rejected"]) == (199_999, 1), job
    [reject] = agent.get(f"/jobs/{job['id']}/rejects").json["rejects"]
    assert (reject["line"], reject["offset"]) == (150_001, len("".join(rows[:150_000]).encode(encoding))), reject
