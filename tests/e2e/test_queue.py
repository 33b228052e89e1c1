"""The queue from outside: two agents on one management database, killed, stopped, cancelled and cut off in the middle of a
load. A lock on the target's table holds the load still, so that nothing here depends on speed."""

import signal
import time

import harness
import pytest

ROWS = 2000


@pytest.fixture
def pair():
    """Two agents of one management database, the first with the embedded server, with a lease of three seconds."""
    first = harness.Agent()
    first.sql("SELECT cpi_update_settings(lease_seconds => 3, heartbeat_seconds => 0.5, poll_seconds => 0.5,"
              " retry_1_seconds => 2, retry_2_seconds => 4, retry_3_seconds => 8, grace_seconds => 1)")
    first.stop()
    first.start()
    second = harness.Agent(MANAGEMENT_DATABASE_URL=f"host={first.directory}/run port=5432 dbname=cpi user=cpi",
                           CPI_LOCAL_ROOTS=str(first.inbox))
    yield first, second
    second.remove()
    first.remove()


def until(condition, what, patience=60):
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.05)


def held_load(agent, database, name):
    """A job that waits in the middle of its load for a lock on its table. Returns job id and the session with the lock."""
    database.execute("CREATE TABLE items (id int PRIMARY KEY, name text)")
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "items.csv").write_text("id,name\n" + "".join(f"{i},n{i}\n" for i in range(ROWS)))
    lock = database.cluster.connect(database.name)
    lock.autocommit = False
    lock.cursor().execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
    job_id = agent.post("/import", {"project": name}).json["job_id"]
    until(lambda: database.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'items'::regclass") > 0,
          "the load waits for the table")
    return job_id, lock


def holder(agents, job_id):
    """The agent that runs the job, and the other one."""
    [(pid,)] = agents[0].sql("SELECT a.pid FROM cpi_jobs j JOIN cpi_agents a ON a.id = j.agent_id WHERE j.id = %s", job_id)
    return agents if agents[0].process.pid == pid else agents[::-1]


def loaded_once(database, job):
    assert job["status"] == "completed", job
    assert job["total_inserted"] == ROWS and job["files_processed"] == 1, job
    assert database.value("SELECT count(*) FROM items") == ROWS
    assert database.value("SELECT count(*) FROM cpi.import_ledger") == 1
    assert database.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'cpi'::regnamespace AND relkind = 'r'"
                          " AND relname <> 'import_ledger'") == 0, "staging tables are left"


def test_a_killed_agent_is_taken_over_and_rows_count_once(pair, database, name):
    job_id, lock = held_load(pair[0], database, name)
    victim, survivor = holder(pair, job_id)
    victim.stop(signal.SIGKILL)
    lock.rollback()
    job = survivor.wait(job_id)
    loaded_once(database, job)
    assert job["attempt"] == 2
    assert pair[0].sql("SELECT deaths FROM cpi_jobs WHERE id = %s", job_id) == [(1,)]


def test_a_frozen_agent_that_wakes_up_changes_nothing(pair, database, name):
    job_id, lock = held_load(pair[0], database, name)
    zombie, survivor = holder(pair, job_id)
    zombie.process.send_signal(signal.SIGSTOP)
    until(lambda: survivor.get(f"/jobs/{job_id}").json["attempt"] == 2, "the other agent takes the job over")
    zombie.process.send_signal(signal.SIGCONT)
    lock.rollback()
    loaded_once(database, survivor.wait(job_id))
    assert survivor.get(f"/jobs/{job_id}").json["attempt"] == 2


def test_a_stopped_agent_gives_its_job_back_free_of_charge(pair, database, name):
    job_id, lock = held_load(pair[0], database, name)
    stopping, survivor = holder(pair, job_id)
    assert stopping.stop(signal.SIGTERM) == 0
    lock.rollback()
    if survivor is pair[1]:
        pair[0].start()  # the embedded server went with the agent that was stopped
    job = survivor.wait(job_id)
    loaded_once(database, job)
    assert job["attempt"] == 1


def test_a_cancel_ends_a_load_that_waits_for_a_lock(pair, database, name):
    job_id, lock = held_load(pair[0], database, name)
    assert pair[0].post(f"/jobs/{job_id}/cancel").status == 200
    job = pair[0].wait(job_id)
    assert job["status"] == "cancelled", job
    lock.rollback()
    assert database.value("SELECT count(*) FROM items") == 0
    assert database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND state LIKE 'idle in transaction%%'",
                          database.name) == 0


def test_a_cancel_outlives_the_agent(pair, database, name):
    job_id, lock = held_load(pair[0], database, name)
    victim, survivor = holder(pair, job_id)
    victim.freeze()  # it learns nothing of the cancel
    assert survivor.post(f"/jobs/{job_id}/cancel").status == 200
    victim.stop(signal.SIGKILL)
    lock.rollback()
    job = survivor.wait(job_id)
    assert job["status"] == "cancelled" and job["attempt"] == 2, job
    assert database.value("SELECT count(*) FROM items") == 0


def test_sessions_with_the_management_database_may_be_cut_at_any_time(pair, database, name):
    job_id, lock = held_load(pair[0], database, name)
    for _ in range(5):
        pair[0].sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'cpi %%'",
                    user="postgres")
        time.sleep(0.2)
    lock.rollback()
    job = pair[0].wait(job_id)
    loaded_once(database, job)
    assert job["attempt"] == 1


def test_a_target_that_is_restarted_costs_an_attempt_and_no_row(pair, name):
    cluster = harness.Cluster()
    try:
        database = cluster.create_database("t")
        job_id, _ = held_load(pair[0], database, name)
        cluster.stop("immediate")
        cluster.start()
        database = harness.Database(cluster, "t")
        job = pair[0].wait(job_id)
        loaded_once(database, job)
        assert job["attempt"] >= 2
    finally:
        cluster.remove()


def test_a_wrong_password_fails_the_job_at_once(agent, database, name):
    url = database.cluster.url(database.name, password="wrong")
    response = agent.post("/connections", {"name": name, "database_url": url})
    assert response.status == 201, response
    folder = agent.inbox / name
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "items.csv").write_text("id\n1\n")
    assert agent.post("/projects", {"name": name, "connection_id": name,
                                      "config": {"local": {"path": str(folder)}}}).status == 201
    job = agent.run_import(name)
    assert job["status"] == "failed" and job["attempt"] == 1, job
    assert "password" in job["errors"][0]["message"] and "wrong" not in job["errors"][0]["message"], job


def test_parents_are_loaded_before_their_children(agent, database, name):
    database.execute("CREATE TABLE zparent (id int PRIMARY KEY);"
                     "CREATE TABLE achild (id int PRIMARY KEY, parent int NOT NULL REFERENCES zparent)")
    folder = agent.project(name, database)
    (folder / "achild.csv").write_text("id,parent\n1,7\n")
    (folder / "zparent.csv").write_text("id\n7\n")
    job = agent.run_import(name)
    assert job["status"] == "completed", job


def test_nothing_to_import_is_completed_with_a_note(agent, database, name):
    folder = agent.project(name, database)
    (folder / "other.txt").write_text("x")
    job = agent.run_import(name)
    assert job["status"] == "completed" and job["files_processed"] == 0, job
    assert "no file matched" in job["note"] and job["last_error"] is None, job


def test_a_named_file_that_is_missing_fails_and_the_others_are_loaded(agent, database, name):
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "here.csv").write_text("id\n1\n")
    job = agent.run_import(name, local_files=[str(folder / "here.csv"), str(folder / "gone.csv")])
    assert job["status"] == "partial", job
    assert [error["error_type"] for error in job["errors"]] == ["FileNotFound"], job


def test_after_import_moves_what_was_loaded_and_on_failure_what_was_not(agent, database, name):
    database.execute("CREATE TABLE bad (id int PRIMARY KEY)")
    folder = agent.project(name, database, after_import="move", on_failure="move", defaults={"primary_key": "id"})
    (folder / "good.csv").write_text("id\n1\n")
    (folder / "bad.csv").write_text("id\nx\n")
    job = agent.run_import(name)
    assert job["status"] == "partial", job
    assert (folder / "processed" / "good.csv").read_text() == "id\n1\n"
    assert (folder / "failed" / "bad.csv").read_text() == "id\nx\n"
    assert not (folder / "good.csv").exists() and not (folder / "bad.csv").exists()


def test_a_dry_run_changes_nothing_and_says_so(agent, database, name):
    folder = agent.project(name, database, after_import="delete", defaults={"primary_key": "id"})
    (folder / "t.csv").write_text("id\n1\n")
    job = agent.run_import(name, dry_run=True)
    assert job["status"] == "completed" and job["total_inserted"] == 1, job
    assert job["dry_run"] is True
    [listed] = [j for j in agent.get(f"/jobs?project={name}").json["jobs"] if j["id"] == job["id"]]
    assert listed["dry_run"] is True
    assert agent.sql("SELECT _cpi_webhook_payload(j) -> 'dry_run' FROM cpi_jobs AS j WHERE id = %s", job["id"],
                     user="postgres") == [(True,)]
    shown = harness.run_cpi("jobs", job["id"],
                            environment={k: v for k, v in agent.environment.items() if k.startswith("CPI_")})
    assert "completed" in shown.stdout and "(dry run: nothing was written)" in shown.stdout, shown
    assert database.value("SELECT to_regclass('t')") is None
    assert (folder / "t.csv").exists()


def test_skip_loaded_knows_content_by_its_bytes(agent, database, name):
    folder = agent.project(name, database, skip_loaded=True, defaults={"primary_key": "id"}, tables=[
        {"file_pattern": "*.csv", "target_table": "t"}])
    (folder / "monday.csv").write_text("id\n1\n")
    assert agent.run_import(name)["total_inserted"] == 1
    database.execute("DELETE FROM t")
    (folder / "tuesday.csv").write_text("id\n2\n")
    job = agent.run_import(name)
    assert (job["total_inserted"], job["total_skipped"]) == (1, 1), job
    assert agent.run_import(name, force=True)["total_inserted"] == 1
