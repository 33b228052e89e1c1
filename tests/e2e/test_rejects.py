"""Rejected rows: seen, taken home as CSV in the file's own dialect, mended or left as they are, and tried again."""

import csv
import io

from harness import run_cpi


PRICES = "id;name;price\n1;Ann;1.5\n2;\"Bob; the second\";x\n3;Cleo\n4;Dora;4\n"


def job_with_rejects(agent, database, name, **defaults):
    options = {"primary_key": "id", "delimiter": ";", "on_error": "continue", "skiprows": 1} | defaults
    database.execute("CREATE TABLE prices (id int, name text, price numeric CHECK (price < 100))")
    options = {key: value for key, value in options.items() if value is not None}
    if "primary_key" in options:
        database.execute("ALTER TABLE prices ADD PRIMARY KEY (id)")
    folder = agent.project(name, database, defaults=options)
    (folder / "prices.csv").write_text("prices of today\n" + PRICES)
    job = agent.run_import(name)
    assert job["status"] == "partial", job
    return job


def rejects_csv(agent, job_id, query=""):
    response = agent.get(f"/jobs/{job_id}/rejects{query}", headers={"Accept": "text/csv"})
    assert response.status == 200, response
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    return response.body.decode()


def replay(agent, job_id, query="", body=None):
    headers = {"Content-Type": "text/csv"} if body else {}
    response = agent.call("POST", f"/jobs/{job_id}/rejects/replay{query}", raw=body and body.encode(), headers=headers)
    assert response.status == 202, response
    assert response.json["retry_of"] == job_id
    return agent.wait(response.json["job_id"])


def test_rejected_rows_are_taken_home_mended_and_replayed(agent, database, name):
    job = job_with_rejects(agent, database, name)
    result = job["file_results"][0]
    assert result["header"] == ["id", "name", "price"] and result["table_columns"] == ["id", "name", "price"]
    text = rejects_csv(agent, job["id"])
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [row["id"] for row in rows] == ["2", "3"]
    assert rows[0]["cpi_reason"].startswith('line 4, column "price": ')
    assert text.splitlines()[1].endswith('2;"Bob; the second";x'), "the row stands as it was"

    mended = text.replace(";x\n", ";2.5\n").replace("3;Cleo\n", "3;Cleo;300\n")
    again = replay(agent, job["id"], body=mended)
    assert (again["status"], again["total_inserted"], again["total_rejected"]) == ("partial", 1, 1), again
    assert again["file_results"][0]["filename"] == "prices.csv"
    assert database.value("SELECT name FROM prices WHERE price = 2.5") == "Bob; the second"
    assert database.rows("SELECT count(*), count(*) FILTER (WHERE id = 3) FROM prices") == [(3, 0)]
    columns = database.value("SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM "
                             "information_schema.columns WHERE table_name = 'prices'")
    assert columns == "id name price", "the reason is no data"

    # What was rejected again is tried once more as it is, now that the table takes it.
    database.execute("ALTER TABLE prices DROP CONSTRAINT prices_price_check")
    last = replay(agent, again["id"])
    assert (last["status"], last["total_inserted"]) == ("completed", 1), last
    assert database.value("SELECT price FROM prices WHERE id = 3") == 300
    # By key nothing doubles, however often it is replayed.
    twice = replay(agent, again["id"])
    assert (twice["total_inserted"], twice["total_skipped"]) == (0, 1), twice


def test_csv_of_rejects_tells_what_it_does_not_hold(agent, database, name):
    job = job_with_rejects(agent, database, name)
    agent.sql("UPDATE cpi_job_rejects SET whole = false WHERE line = 5 AND file_id = %s", job["file_results"][0]["id"],
              user="postgres")
    response = agent.get(f"/jobs/{job['id']}/rejects", headers={"Accept": "text/csv"})
    assert [response.headers[f"Cpi-{n}"] for n in ("Total", "Kept", "Whole")] == ["2", "2", "1"], response.headers.items()
    assert response.headers["Link"] is None
    page = agent.get(f"/jobs/{job['id']}/rejects?limit=1")
    assert page.json["next"] == f"/jobs/{job['id']}/rejects?limit=1&offset=1"
    last = agent.get(page.json["next"]).json
    assert (len(last["rejects"]), last["next"]) == (1, None)
    agent.sql("UPDATE cpi_job_rejects SET whole = true", user="postgres")
    page = agent.get(f"/jobs/{job['id']}/rejects?limit=1", headers={"Accept": "text/csv"})
    assert page.headers["Link"] == f'</jobs/{job["id"]}/rejects?limit=1&offset=1>; rel="next"'


def test_mended_rows_may_come_back_as_a_spreadsheet_writes_them(agent, database, name):
    job = job_with_rejects(agent, database, name)
    spreadsheet = "\ufeffcpi_reason,name,price,id\r\nwas wrong,Bob,2.5,2\r\n,\"Cleo, C.\",3,3\r\n"
    again = replay(agent, job["id"], body=spreadsheet)
    assert (again["status"], again["total_inserted"]) == ("completed", 2), again
    assert database.rows("SELECT * FROM prices WHERE id IN (2, 3) ORDER BY id") == [(2, "Bob", 2.5), (3, "Cleo, C.", 3)]
    wrong = agent.call("POST", f"/jobs/{job['id']}/rejects/replay", raw=b"id;name;prise\n2;Bob;2\n",
                       headers={"Content-Type": "text/csv"})
    assert wrong.status == 422 and 'Did you mean "price"?' in wrong.json["hint"], wrong


def test_rows_for_a_table_without_a_key_are_replayed_once(agent, database, name):
    job = job_with_rejects(agent, database, name, primary_key=None, ragged="pad")
    assert job["total_rejected"] == 1
    nothing = replay(agent, job["id"])
    assert nothing["total_rejected"] == 1, nothing
    database.execute("ALTER TABLE prices DROP CONSTRAINT prices_price_check, ALTER COLUMN price TYPE text")
    first = replay(agent, job["id"])
    assert first["total_inserted"] == 1, first
    second = replay(agent, job["id"])
    assert (second["total_inserted"], second["total_skipped"]) == (0, 1), second
    assert database.value("SELECT count(*) FROM prices") == 4


def test_replay_is_refused_with_the_reason(agent, database, name):
    job = job_with_rejects(agent, database, name)
    wrong = agent.call("POST", f"/jobs/{job['id']}/rejects/replay?file=price.csv", raw=b"id\n1\n",
                       headers={"Content-Type": "text/csv"})
    assert wrong.status == 422 and "prices.csv" in wrong.body.decode(), wrong
    binary = agent.call("POST", f"/jobs/{job['id']}/rejects/replay", raw=b"id\n\xff\n", headers={"Content-Type": "text/csv"})
    assert binary.status == 400 and "UTF-8" in binary.json["message"], binary
    clean = agent.run_import(name, force=True)
    done = agent.wait(agent.post(f"/jobs/{clean['id']}/rejects/replay", {"content": "id;name;price\n9;Zoe;9\n"})
                      .json["job_id"])
    assert done["total_inserted"] == 1, done
    none = agent.post(f"/jobs/{done['id']}/rejects/replay")
    assert none.status == 409 and "no rejected rows" in none.json["message"], none


def test_command_line_writes_the_same_file_in_both_modes(agent, database, name, tmp_path):
    job_with_rejects(agent, database, name)
    managed, direct = tmp_path / "managed.csv", tmp_path / "direct.csv"
    result = run_cpi("import", name, "--rejects", managed, environment=agent.environment)
    assert result.returncode == 3 and str(managed) in result.stderr, result
    file = tmp_path / "prices.csv"
    file.write_text("prices of today\n" + PRICES)
    options = ["--to", database.url, "--delimiter", ";", "--on-error", "continue"]
    result = run_cpi("import", *options, "--skiprows", "1", "--rejects", direct, file)
    assert result.returncode == 3 and "--table" in result.stderr, result
    assert managed.read_text() == direct.read_text()
    direct.write_text(direct.read_text().replace(";x\n", ";2.5\n").replace("3;Cleo\n", "3;Cleo;3\n"))
    mended = run_cpi("import", *options, "--table", "prices", direct)
    assert mended.returncode == 0, mended
    assert database.value("SELECT count(*) FROM prices") == 4
