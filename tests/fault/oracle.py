"""What must be true after every fault: the rows, the ledger, the job's counts, and no leftovers."""


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
