"""An agent is killed, fails or hangs at every failpoint there is; another one finishes. Whatever the point, the table ends
with the same rows, each load is applied once, and the job reports exactly what was done."""

import concurrent.futures
import signal

import fleet
import harness
import oracle

ACTIONS = ("kill", "error", "hang")
# Points that only a cancelled job comes to, or one with a webhook (test_webhooks.py breaks at those).
NOT_ON_THIS_WAY = {"settle", "webhook_claimed", "webhook_answered", "webhook_written"}

ROWS = 300


def prepare(cluster, queue, name):
    target = cluster.create_database(name)
    target.execute("CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL);"
                   "CREATE TABLE orders (id int PRIMARY KEY, item int NOT NULL REFERENCES items);"
                   "INSERT INTO items SELECT i, CASE WHEN i <= 100 THEN 'old' ELSE 'n' || i END FROM generate_series(1, 200) i")
    folder = queue.project(name, target, after_import="move")
    (folder / "items.csv").write_text("id,name\n" + "".join(f"{i},n{i}\n" for i in range(1, ROWS + 1)))
    (folder / "orders.csv").write_text("id,item\n" + "".join(f"{i},{i}\n" for i in range(1, ROWS + 1)))
    return target, folder


def check(queue, target, folder, job):
    assert job["status"] == "completed", job
    results = {result["filename"]: result for result in job["file_results"]}
    assert [results["items.csv"][k] for k in ("read", "inserted", "updated", "skipped")] == [ROWS, 100, 100, 100], job
    assert [results["orders.csv"][k] for k in ("read", "inserted", "updated", "skipped")] == [ROWS, ROWS, 0, 0], job
    oracle.check_target(target, 2)
    oracle.check_queue(queue.database)
    oracle.check_reported(queue.database, target)
    assert sorted(path.name for path in folder.rglob("*.csv")) == ["items.csv", "orders.csv"]
    assert sorted(path.name for path in (folder / "processed").iterdir()) == ["items.csv", "orders.csv"]
    return oracle.table_hash(target, "items"), oracle.table_hash(target, "orders")


def run(management, cluster, point, action):
    """The tables' hash after a job that was broken at that point; whether the point was reached."""
    queue = management.database()
    try:
        target, folder = prepare(cluster, queue, f"crash_{point}_{action}")
        broken = queue.agent(f"{point}:{action}")
        job_id = queue.submit(f"crash_{point}_{action}")
        reached = broken.reached(point)
        if action == "hang":
            broken.stop(signal.SIGKILL)
        if action != "error":
            queue.agent()
        job = queue.wait(job_id)
        return check(queue, target, folder, job), reached
    finally:
        queue.remove()


def test_every_failpoint_is_on_the_way_of_an_import(management, cluster):
    queue = management.database()
    try:
        target, folder = prepare(cluster, queue, "crash_nowhere")
        agent = queue.agent("*:log")
        check(queue, target, folder, queue.wait(queue.submit("crash_nowhere")))
        log = agent.log.read_text()
        missing = {name for name in fleet.failpoints() if f"failpoint {name}\n" not in log}
        assert missing == NOT_ON_THIS_WAY
    finally:
        queue.remove()


def test_an_agent_that_breaks_anywhere_changes_nothing_in_the_end(management, cluster):
    cases = [(point, action) for point in fleet.failpoints() if point not in NOT_ON_THIS_WAY for action in ACTIONS]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        runs = {case: pool.submit(run, management, cluster, *case) for case in cases}
    broken = {}
    hashes = set()
    for case, future in runs.items():
        if future.exception():
            broken[case] = repr(future.exception())[:3000]
            continue
        tables, reached = future.result()
        hashes.add(tables)
        assert reached, f"{case} was never reached"
    assert not broken, broken
    assert len(hashes) == 1


def test_rejects_of_a_load_whose_agent_died_after_the_commit_are_listed(management, cluster):
    queue = management.database()
    try:
        target = cluster.create_database("crash_rejects")
        target.execute("CREATE TABLE items (id int PRIMARY KEY, name text, price int CHECK (price < 100))")
        folder = queue.project("crash_rejects", target, defaults={"on_error": "continue", "delimiter": ";"})
        (folder / "items.csv").write_text("id;name;price\n1;Ann;1\n2;Bob;x\n3;Cleo;300\n4;Dora;4\n")
        queue.agent("commit_after:kill")
        job_id = queue.submit("crash_rejects")
        fleet.until(lambda: target.value("SELECT to_regclass('cpi.import_ledger')") is not None
                    and oracle.ledger(target, "load_id") != [], "a load that is committed")
        assert queue.database.value("SELECT count(*) FROM cpi_prepared_files") == 1
        queue.agent()
        job = queue.wait(job_id)
        assert job["status"] == "partial", job
        [result] = job["file_results"]
        assert [result[k] for k in ("read", "inserted", "rejected", "warnings")] == [4, 2, 2, []], result
        assert result["header"] == ["id", "name", "price"], result
        assert queue.database.rows("SELECT line, column_name, raw, whole FROM cpi_job_rejects ORDER BY line") == [
            (3, "price", "2;Bob;x", True), (4, "price", "3;Cleo;300", True)]
        assert queue.database.value("SELECT count(*) FROM cpi_prepared_files") == 0
        oracle.check_target(target, 1)
        oracle.check_reported(queue.database, target)
    finally:
        queue.remove()
