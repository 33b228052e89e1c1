"""What must be true after every fault (reliability's O1 to O5): the rows, the ledger, the counts, the webhooks, and no
leftovers."""

import base64
import hashlib
import hmac
import json

COUNTS = ("inserted", "updated", "skipped", "duplicates", "rejected")


def ledger(database, columns):
    """Of the loads that were applied; nothing where no load ever came so far as to make the ledger."""
    if database.value("SELECT to_regclass('cpi.import_ledger')") is None:
        return []
    return database.rows(f"SELECT {columns} FROM cpi.import_ledger l WHERE strategy <> 'given up'")


def check_target(database, loads):
    """One ledger row for each of the `loads` applied, whose counts add up, and nothing of cpi's left behind."""
    entries = ledger(database, "to_jsonb(l)")
    for (rows,) in entries:
        assert rows["rows_read"] == sum(rows[name] for name in COUNTS), rows
        assert rows["committed_at"], rows
    assert len(entries) == loads
    assert database.rows("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
                         " WHERE nspname = 'cpi' AND relkind = 'r' AND relname <> 'import_ledger'") == []
    assert database.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                          " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == 0
    assert database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                          " AND state LIKE 'idle in transaction%%'") == 0
    assert database.value("SELECT count(*) FROM pg_prepared_xacts") == 0


def check_queue(queue):
    """Every job has ended, within its attempts; none holds a lease; a job's counts are its files'."""
    assert queue.rows("SELECT id, status FROM cpi_jobs WHERE status IN ('pending', 'running')"
                      " OR lease_expires_at IS NOT NULL") == []
    assert queue.rows("SELECT id, attempt, fence FROM cpi_jobs WHERE attempt > 4 OR fence < attempt") == []
    assert queue.rows("SELECT j.id FROM cpi_jobs j WHERE j.status IN ('completed', 'partial')"
                      " AND (j.total_inserted, j.total_updated, j.total_skipped)::text IS DISTINCT FROM ("
                      "SELECT (coalesce(sum(f.inserted), 0), coalesce(sum(f.updated), 0), coalesce(sum(f.skipped), 0))::text"
                      " FROM cpi_job_files f WHERE f.job_id = j.id)") == []


def check_reported(queue, target):
    """What the ledger has is what the jobs report, load by load, and the other way round."""
    loads = dict(ledger(target, "load_id, (inserted, updated, skipped, duplicates, rejected)::text"))
    files = dict(queue.rows("SELECT f.id::text, (inserted, updated, skipped, duplicates, rejected)::text"
                            " FROM cpi_job_files f JOIN cpi_jobs j ON j.id = f.job_id"
                            " WHERE f.status = 'completed' AND NOT j.dry_run"))
    assert files == loads


def table_hash(database, table):
    """Of all rows, in an order of their own."""
    return database.value(f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text COLLATE \"C\"), ''))"
                          f" FROM {table} t")


def check(agent, database, job, rows):
    """`rows` is the number of rows of table t: ids 1..rows, each with payload 'row <id>'."""
    assert job["status"] == "completed", job
    [result] = job["file_results"]
    assert result["read"] == rows == result["inserted"] + result["updated"] + result["skipped"], result
    assert database.rows("SELECT count(*), count(DISTINCT id), min(id), max(id),"
                         " count(*) FILTER (WHERE payload <> 'row ' || id) FROM t") == [(rows, rows, 1, rows, 0)]
    assert database.value("SELECT count(*) FROM cpi.import_ledger WHERE job_id::text = %s", job["id"]) == 1
    check_target(database, 1)
    assert agent.sql("SELECT count(*) FROM cpi_jobs WHERE status = 'running'") == [(0,)]


def check_webhooks(agent, receiver, path, secret):
    """Every end of a job was told to `path`, at least once and under its own id; nothing else was, and all is signed."""
    told = dict(agent.sql("SELECT id::text, payload FROM cpi_webhook_deliveries WHERE url LIKE %s", "%" + path))
    assert agent.sql("SELECT count(*) FROM cpi_webhook_deliveries WHERE status <> 'delivered'") == [(0,)]
    assert agent.sql("SELECT count(*) FROM cpi_jobs AS j WHERE callback_url IS NOT NULL AND 1 <>"
                     " (SELECT count(*) FROM cpi_webhook_deliveries AS d WHERE d.job_id = j.id)") == [(0,)]
    requests = receiver.got(path)
    assert {request.headers["webhook-id"] for request in requests} == set(told)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    for request in requests:
        body = json.loads(request.body)
        assert body == told[request.headers["webhook-id"]]
        assert agent.get(f"/jobs/{body['job_id']}").json["status"] == body["status"]
        content = b".".join([request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(),
                             request.body])
        signature = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        assert request.headers["webhook-signature"] == signature
