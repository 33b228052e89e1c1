"""What must be true after every fault: the rows, the ledger, the job's counts, the webhooks, and no leftovers."""

import base64
import hashlib
import hmac
import json


def check(agent, database, job, rows):
    """`rows` is the number of rows of table t: ids 1..rows, each with payload 'row <id>'."""
    assert job["status"] == "completed", job
    [result] = job["file_results"]
    assert result["read"] == rows == result["inserted"] + result["updated"] + result["skipped"], result
    assert database.rows("SELECT count(*), count(DISTINCT id), min(id), max(id),"
                         " count(*) FILTER (WHERE payload <> 'row ' || id) FROM t") == [(rows, rows, 1, rows, 0)]
    assert database.value("SELECT count(*) FROM cpi.import_ledger WHERE job_id::text = %s", job["id"]) == 1
    assert database.rows("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
                         " WHERE nspname = 'cpi' AND relkind = 'r' AND relname <> 'import_ledger'") == []
    assert database.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
    assert database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                          " AND state LIKE 'idle in transaction%%'") == 0
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
