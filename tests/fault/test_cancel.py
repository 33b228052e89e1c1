"""Cancels and stops that meet a load in mid-way: exactly one final state, and after a cancel no rows of loads that the job
does not report. While the target cannot be asked, the job waits with its cancel noted."""

import signal
import threading
import time

import fleet
import harness
import oracle
import pytest

ROWS = 500


def prepare(queue, target, name, **config):
    target.execute("CREATE TABLE IF NOT EXISTS t (id int PRIMARY KEY, payload text NOT NULL)")
    folder = queue.project(name, target if isinstance(target, str) else config.pop("url", target.url), **config)
    (folder / "t.csv").write_text("id,payload\n" + "".join(f"{i},row {i}\n" for i in range(1, ROWS + 1)))
    return folder


def rows(target):
    return target.value("SELECT count(*) FROM t")


def check(queue, target, job):
    """The rows are there if, and only if, the job says so."""
    oracle.check_queue(queue.database)
    oracle.check_reported(queue.database, target)
    [file] = job["file_results"] or [{"success": False, "inserted": 0}]
    assert rows(target) == (ROWS if file["success"] else 0), job
    oracle.check_target(target, 1 if file["success"] else 0)


@pytest.mark.parametrize("point", ["claimed", "manifest", "before_load", "fetched", "staged", "ledger_after", "applied",
                                   "commit_before", "commit_after", "loaded", "file_written", "file_finished",
                                   "before_finish_job"])
def test_a_cancel_after_an_agent_that_died_anywhere(queue, database, name, point):
    prepare(queue, database, name)
    broken = queue.agent(f"{point}:kill")
    job_id = queue.submit(name)
    broken.process.wait(timeout=60)
    queue.cancel(job_id)
    queue.successor(broken)
    job = queue.wait(job_id)
    committed = point in ("commit_after", "loaded", "file_written", "file_finished", "before_finish_job")
    assert job["status"] == "cancelled", job
    assert rows(database) == (ROWS if committed else 0)
    check(queue, database, job)


@pytest.mark.parametrize("point", ["fetched", "staged", "applied", "commit_before", "loaded"])
def test_a_cancel_while_the_load_is_at_work(queue, database, name, point):
    """The agent stands still there until the cancel is noted; then another one, after its death, must tell."""
    prepare(queue, database, name)
    broken = queue.agent(f"{point}:hang")
    job_id = queue.submit(name)
    assert broken.reached(point)
    assert queue.cancel(job_id)["status"] == "running"
    broken.stop(signal.SIGKILL)
    queue.successor(broken)
    job = queue.wait(job_id)
    assert job["status"] == "cancelled", job
    check(queue, database, job)


def test_a_job_waits_with_its_cancel_while_the_target_cannot_be_asked(queue, database, name):
    proxy = fleet.Proxy(database.cluster.port)
    prepare(queue, database, name, url=proxy.url(database))
    broken = queue.agent("loaded:kill")
    job_id = queue.submit(name)
    broken.process.wait(timeout=60)
    proxy.remove()
    queue.cancel(job_id)
    agent = queue.successor(broken)
    fleet.until(lambda: queue.column(job_id, "fence") >= 3, "two more attempts")
    assert queue.job(job_id)["status"] in ("pending", "running")
    queue.database.rows("SELECT cpi_update_connection(%s, database_url => %s)", f"{name} target", database.url)
    job = queue.wait(job_id)
    assert job["status"] == "cancelled" and job["total_inserted"] == ROWS, job
    check(queue, database, job)
    assert agent.process.poll() is None


def test_a_load_that_was_given_up_is_never_applied_by_an_agent_that_wakes_up_later(queue, database, name):
    """The tombstone: the first agent stands still before its ledger row, the cancel is carried out, then it wakes."""
    prepare(queue, database, name)
    zombie = queue.agent()
    lock = database.cluster.connect(database.name)
    lock.autocommit = False
    # The load waits before its ledger row for the lock of its table.
    lock.cursor().execute("""SELECT pg_advisory_xact_lock(hashtextextended('cpi load "public"."t"', 0))""")
    job_id = queue.submit(name)
    fleet.until(lambda: database.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"),
                "the load waits")
    harness.freeze(zombie.process)
    queue.cancel(job_id)
    queue.agent()
    job = queue.wait(job_id)
    assert job["status"] == "cancelled", job
    lock.rollback()
    fleet.until(lambda: not database.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"),
                "the load's statement goes on")
    zombie.send(signal.SIGCONT)
    fleet.until(lambda: "attempt stops" in zombie.log.read_text() or "fenced" in zombie.log.read_text()
                or "lease" in zombie.log.read_text(), "the zombie learns that it is one")
    assert zombie.stop() == 0
    assert rows(database) == 0
    assert database.value("SELECT strategy FROM cpi.import_ledger") == "given up"
    oracle.check_reported(queue.database, database)


@pytest.mark.parametrize("number", range(6))
def test_a_cancel_that_races_with_the_end(queue, database, name, number):
    prepare(queue, database, name)
    queue.agent()
    job_id = queue.submit(name)
    time.sleep(0.02 * number)
    try:
        queue.cancel(job_id)
    except Exception as refused:  # it has ended already
        assert "has ended already" in str(refused)
    job = queue.wait(job_id)
    assert job["status"] in ("cancelled", "completed"), job
    check(queue, database, job)


@pytest.mark.parametrize("point", ["claimed", "fetched", "staged", "commit_before", "loaded", "before_finish_job"])
def test_a_stop_that_meets_a_thread_which_never_comes_back_ends_in_time(queue, database, name, point):
    prepare(queue, database, name)
    broken = queue.agent(f"{point}:hang")
    job_id = queue.submit(name)
    assert broken.reached(point)
    queue.agent()
    broken.stop(signal.SIGTERM, patience=30)
    job = queue.wait(job_id)
    assert job["status"] == "completed", job
    check(queue, database, job)


@pytest.mark.parametrize("number", range(6))
def test_a_stop_at_any_moment_costs_no_attempt(queue, database, name, number):
    prepare(queue, database, name)
    first = queue.agent()
    job_id = queue.submit(name)
    threading.Event().wait(0.3 + 0.03 * number)
    assert first.stop() == 0
    queue.agent()
    job = queue.wait(job_id)
    assert job["status"] == "completed" and job["attempt"] == 1, job
    check(queue, database, job)
