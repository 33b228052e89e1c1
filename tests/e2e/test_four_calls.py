"""The main job as api.md's four calls: connection, project, import, job."""

import time

DAY_ONE = "id,name,email,credit\n1,Ada,ada@example.com,10.50\n2,Grace,grace@example.com,20.00\n3,Edsger,,0\n"
DAY_TWO = "id,name,email,credit\n1,Ada,ada@example.com,10.50\n2,Grace,hopper@example.com,20.00\n4,Barbara,b@example.com,7\n"


def counts(job):
    return {key: job[f"total_{key}"] for key in ("inserted", "updated", "skipped", "rejected", "duplicates")}


def test_second_import_counts_inserted_updated_and_skipped_rows(agent, database, name):
    connection = agent.post("/connections", {"name": name, "description": "a customer", "database_url": database.url})
    assert connection.status == 201
    assert connection.json["name"] == name

    folder = agent.inbox / name
    folder.mkdir()
    project = agent.post("/projects", {
        "name": name, "connection_id": connection.json["id"],
        "config": {"name": name, "local": {"path": str(folder)},
                   "defaults": {"file_pattern": "*.csv", "primary_key": "id", "types": "infer"}}})
    assert project.status == 201

    (folder / "customers.csv").write_text(DAY_ONE)
    accepted = agent.post("/import", {"project": name})
    assert accepted.status == 202
    assert accepted.json["status"] == "pending"
    assert accepted.headers["Location"] == f"/jobs/{accepted.json['job_id']}"
    first = agent.wait(accepted.json["job_id"])
    assert first["status"] == "completed", first
    assert counts(first) == {"inserted": 3, "updated": 0, "skipped": 0, "rejected": 0, "duplicates": 0}
    assert first["files_processed"] == 1

    (folder / "customers.csv").write_text(DAY_TWO)
    second = agent.run_import(name)
    assert counts(second) == {"inserted": 1, "updated": 1, "skipped": 1, "rejected": 0, "duplicates": 0}
    assert database.rows("SELECT id, name, email, credit::text FROM customers ORDER BY id") == [
        (1, "Ada", "ada@example.com", "10.50"), (2, "Grace", "hopper@example.com", "20.00"),
        (3, "Edsger", None, "0"), (4, "Barbara", "b@example.com", "7")]


def test_the_same_steps_work_from_psql(agent, database, name):
    folder = agent.inbox / name
    folder.mkdir()
    (folder / "customers.csv").write_text(DAY_ONE)
    [(connection,)] = agent.sql("SELECT cpi_create_connection(name => %s, database_url => %s)->>'id'", name, database.url)
    agent.sql("SELECT cpi_create_project(name => %s, connection_id => %s, config => jsonb_build_object("
              "'local', jsonb_build_object('path', %s::text), 'defaults', jsonb_build_object('primary_key', 'id')))",
              name, connection, str(folder))
    [(job,)] = agent.sql("SELECT r->>'job_id' FROM cpi_import(project => %s) r", name)
    deadline = time.monotonic() + 30
    status = None
    while status not in ("completed", "failed", "partial") and time.monotonic() < deadline:
        [(status,)] = agent.sql("SELECT cpi_get_job(%s)->>'status'", job)
        time.sleep(0.1)
    assert status == "completed"
    assert agent.sql("SELECT inserted, rejected FROM cpi_job_files WHERE job_id = %s", job) == [(3, 0)]
    assert database.value("SELECT count(*) FROM customers") == 3


def test_views_and_grants_of_the_target_survive(agent, database, name):
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    database.execute("CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL)")
    database.execute("CREATE VIEW names AS SELECT name FROM customers")
    database.execute("GRANT SELECT ON customers TO PUBLIC")
    (folder / "customers.csv").write_text(DAY_ONE)
    job = agent.run_import(name)
    assert job["status"] == "completed", job
    assert database.value("SELECT count(*) FROM names") == 3
    assert database.value("SELECT has_table_privilege('pg_database_owner', 'customers', 'SELECT')")
