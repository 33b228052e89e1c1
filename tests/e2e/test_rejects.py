"""Rejected rows: seen, taken home as CSV in the file's own dialect, mended or left as they are, and tried again."""

import csv
import io
import re

import pytest
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


ENCODINGS = {"latin-1": "latin-1", "windows-1252": "cp1252", "utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-8": "utf-8-sig"}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_rejects_go_out_and_come_back_in_the_encoding_of_their_file(agent, database, name, tmp_path, encoding):
    codec = ENCODINGS[encoding]
    word = "Bjørn Ä" if encoding == "latin-1" else "Bjørn – Ä €"
    data = f"id;name;price\n1;Ann;1.5\n2;{word};x\n".encode(codec)
    folder = agent.project(name, database, defaults={"primary_key": "id", "delimiter": ";", "on_error": "continue",
                                                     "encoding": encoding, "types": "infer"})
    database.execute("CREATE TABLE prices (id int PRIMARY KEY, name text, price numeric)")
    (folder / "prices.csv").write_bytes(data)
    mend = tmp_path / "mend.csv"
    result = run_cpi("import", name, "--rejects", mend, environment=agent.environment)
    assert result.returncode == 3 and f"the rejected rows are in {mend}" in result.stderr, result
    text = mend.read_bytes().decode(codec)
    assert text.endswith(f";2;{word};x\n"), text
    job_id = re.search(r"--replay (\S+)", result.stderr).group(1)

    # Over REST it is UTF-8, and any charset that the request names comes back.
    assert rejects_csv(agent, job_id).endswith(f";2;{word};x\n")
    body = text.replace(";x\n", ";2.5\n").encode(codec)
    response = agent.call("POST", f"/jobs/{job_id}/rejects/replay", raw=body,
                          headers={"Content-Type": f'text/csv; header=present; charset="{encoding}"'})
    assert response.status == 202 and agent.wait(response.json["job_id"])["total_inserted"] == 1, response
    assert database.value("SELECT name FROM prices WHERE price = 2.5") == word

    database.execute("DELETE FROM prices WHERE id = 2")
    mend.write_bytes(body)
    result = run_cpi("import", "--replay", job_id, mend, environment=agent.environment)
    assert result.returncode == 0, result
    assert database.value("SELECT name FROM prices WHERE id = 2") == word
    # Saved in another encoding it is not guessed at.
    mend.write_bytes(body.decode(codec).encode("utf-8"))
    result = run_cpi("import", "--replay", job_id, mend, environment=agent.environment)
    if encoding == "utf-8":
        assert result.returncode == 0, result
    else:
        assert result.returncode == 2 and "--encoding" in result.stderr, result
        result = run_cpi("import", "--replay", job_id, mend, "--encoding", "utf-8", environment=agent.environment)
        assert result.returncode == 0, result

    # Without a management database likewise.
    file = tmp_path / "prices.csv"
    file.write_bytes(data)
    options = ["--to", database.url, "--delimiter", ";", "--encoding", encoding, "--on-error", "continue"]
    database.execute("DELETE FROM prices WHERE id = 2")
    run_cpi("import", *options, "--rejects", mend, file)
    assert mend.read_bytes().decode(codec) == text
    mend.write_bytes(body)
    assert run_cpi("import", *options, "--table", "prices", mend).returncode == 0
    assert database.value("SELECT name FROM prices WHERE price = 2.5") == word


def test_a_body_of_csv_is_read_as_it_is_written_or_refused(agent, database, name):
    job = job_with_rejects(agent, database, name)
    latin = agent.call("POST", f"/jobs/{job['id']}/rejects/replay", raw="id;name;price\n2;Jörg;2\n".encode("latin-1"),
                       headers={"Content-Type": "text/csv"})
    assert latin.status == 400 and "charset=windows-1252" in latin.json["hint"], latin
    unknown = agent.call("POST", f"/jobs/{job['id']}/rejects/replay", raw=b"id;name;price\n2;J;2\n",
                         headers={"Content-Type": "text/csv; charset=latin-9000"})
    assert unknown.status == 415 and "latin-9000" in unknown.json["message"], unknown
    wide = agent.call("POST", f"/jobs/{job['id']}/rejects/replay", raw="id;name;price\n2;Jörg;2\n".encode("utf-16"),
                      headers={"Content-Type": "text/csv"})
    assert wide.status == 202, wide
    assert agent.wait(wide.json["job_id"])["total_inserted"] == 1
    assert database.value("SELECT name FROM prices WHERE id = 2") == "Jörg"


def test_all_that_a_file_keeps_can_be_sent_back(agent, database, name):
    database.execute("CREATE TABLE prices (id int PRIMARY KEY, name text, price int)")
    folder = agent.project(name, database, defaults={"on_error": "continue"})
    (folder / "prices.csv").write_text("id,name,price\n" + "".join(f"{i},{'n' * 1000},x\n" for i in range(4000)))
    job = agent.run_import(name)
    assert job["total_rejected"] == 4000, job
    text = rejects_csv(agent, job["id"]).replace("nn,x\n", "nn,1\n")
    assert len(text) > 4_000_000
    assert replay(agent, job["id"], body=text)["total_inserted"] == 4000

    path = f"/jobs/{job['id']}/rejects/replay"
    refused = [
        agent.call("POST", path, raw=text.encode(), headers={"Content-Type": "text/csv"}, key="wrong"),
        agent.post(path, {"content": text}),
        agent.call("POST", "/import", raw=text.encode(), headers={"Content-Type": "text/csv"}),
    ]
    assert [(r.status, r.json["hint"]) for r in refused] == [(413, "The limit is 1000000 bytes.")] * 3
    huge = agent.call("POST", path, raw=b"x" * (33 << 20), headers={"Content-Type": "text/csv"})
    assert huge.status == 413 and "33554432" in huge.json["hint"], huge


def test_command_line_tells_how_many_rejects_are_kept_and_tries_them_again(agent, database, name, tmp_path):
    job = job_with_rejects(agent, database, name)
    agent.sql("DELETE FROM cpi_job_rejects WHERE line = 5 AND file_id = %s", job["file_results"][0]["id"], user="postgres")
    mend = tmp_path / "mend.csv"
    result = run_cpi("jobs", job["id"], "--rejects", mend, environment=agent.environment)
    assert result.returncode == 0 and "(the first 1 of 2; 1 are kept)" in result.stdout, result
    assert f"1 of 2 rejected rows are in {mend} (only the first 1 are kept)" in result.stderr, result
    again = run_cpi("import", "--replay", job["id"], environment=agent.environment)
    assert again.returncode == 3 and "1 rejected" in again.stdout, again
    mend.write_text(mend.read_text().replace(";x\n", ";2.5\n"))
    again = run_cpi("import", "--replay", job["id"], mend, "--file", "prices.csv", environment=agent.environment)
    assert again.returncode == 0 and "1 inserted" in again.stdout, again
    zoe = tmp_path / "zoe.csv"
    zoe.write_text("id,name\n9,Zoe\n")
    clean = run_cpi("import", "--to", database.url, "--rejects", mend, zoe)
    assert clean.returncode == 0 and f"no row was rejected: {mend} is from an earlier import" in clean.stderr, clean
    for words, text in ((["--replay", job["id"], mend, mend], "one file"), (["--file", "x", name], "--replay"),
                        (["--replay", job["id"], "--table", "t"], "--to"), (["--replay", job["id"], "no.csv"], "no.csv"),
                        (["--replay", "nothing"], "does not exist")):
        wrong = run_cpi("import", *words, environment=agent.environment)
        assert wrong.returncode == 2 and text in wrong.stderr, wrong


def test_a_widened_column_is_told_on_the_command_line(agent, database, name, tmp_path):
    folder = agent.project(name, database, defaults={"primary_key": "id", "types": "infer"})
    file = folder / "prices.csv"
    file.write_text("id,price\n1,15\n")
    assert run_cpi("import", name, environment=agent.environment).returncode == 0
    file.write_text("id,price\n2,2.5\n")
    result = run_cpi("import", name, environment=agent.environment)
    assert 'column "price" of prices was widened from integer to numeric' in result.stdout, result
    file.write_text("id,price\n3,new\n")
    result = run_cpi("import", "--to", database.url, "--types", "infer", file)
    assert 'column "price" of prices was widened from numeric to text' in result.stderr, result


def test_rows_for_a_table_without_a_key_are_replayed_once(agent, database, name):
    job = job_with_rejects(agent, database, name, primary_key=None, ragged="pad")
    assert job["total_rejected"] == 1
    nothing = replay(agent, job["id"])
    assert nothing["total_rejected"] == 1, nothing
    database.execute("ALTER TABLE prices DROP CONSTRAINT prices_price_check, ALTER COLUMN price TYPE text")
    first = replay(agent, job["id"])
    assert first["total_inserted"] == 1, first
    twice = agent.post(f"/jobs/{job['id']}/rejects/replay")
    assert twice.status == 409 and first["id"] in twice.json["message"] and "twice" in twice.json["details"], twice
    assert agent.post(f"/jobs/{job['id']}/rejects/replay", {"content": "id;name\n2;B\n"}).status == 409
    assert database.value("SELECT count(*) FROM prices") == 4
    forced = agent.post(f"/jobs/{job['id']}/rejects/replay", {"content": "id;name\n9;B\n", "force": True})
    assert agent.wait(forced.json["job_id"])["total_inserted"] == 1, forced


def test_the_reason_of_an_earlier_time_is_not_carried_along(agent, database, name, tmp_path):
    job = job_with_rejects(agent, database, name)
    again = replay(agent, job["id"], body=rejects_csv(agent, job["id"]).replace(";x\n", ";y\n"))
    text = rejects_csv(agent, again["id"])
    assert [row.split(";", 1)[1] for row in text.splitlines()] == ['"id";"name";"price"', '2;"Bob; the second";y', "3;Cleo"]
    bare = replay(agent, again["id"])
    assert agent.get(f"/jobs/{bare['id']}/rejects").json["rejects"][0]["raw"] == '2;"Bob; the second";y'
    assert bare["file_results"][0]["warnings"] == [], bare
    file = tmp_path / "mend.csv"
    file.write_text(text)
    run_cpi("import", "--to", database.url, "--delimiter", ";", "--on-error", "continue", "--table", "prices",
            "--rejects", tmp_path / "again.csv", file)
    assert (tmp_path / "again.csv").read_text().splitlines()[1].endswith('""y""";2;"Bob; the second";y')


def test_csv_is_given_to_those_who_ask_for_it(agent, database, name):
    job = job_with_rejects(agent, database, name)
    for accept, csv in (("Text/CSV", True), ("text/csv;q=0.5", True), ("text/html, text/csv; header=present", True),
                        ("text/csv;q=0", False), ("text/csv; q=0.0, */*", False), ("application/json, text/csv", False),
                        ("*/*", False), ("text/csvx", False)):
        response = agent.get(f"/jobs/{job['id']}/rejects", headers={"Accept": accept})
        assert response.headers["Content-Type"].startswith("text/csv" if csv else "application/json"), accept


def test_replay_is_refused_with_the_reason(agent, database, name, tmp_path):
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
    for content in (b"", b"\xef\xbb\xbf"):
        (tmp_path / "empty.csv").write_bytes(content)
        empty = run_cpi("import", "--replay", job["id"], tmp_path / "empty.csv", environment=agent.environment)
        assert empty.returncode == 2 and "is empty" in empty.stderr, empty
        empty = agent.call("POST", f"/jobs/{job['id']}/rejects/replay", raw=content, headers={"Content-Type": "text/csv"})
        assert empty.status == 422 and "is empty" in empty.json["message"], empty
    (tmp_path / "latin.csv").write_bytes("id;name\n2;Jörg\n".encode("latin-1"))
    other = run_cpi("import", "--replay", job["id"], tmp_path / "latin.csv", "--file", "zz", environment=agent.environment)
    assert other.returncode == 2 and '"zz"' in other.stderr and "UTF-8" not in other.stderr, other
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


@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_rejects_never_replace_the_file_that_they_come_from(database, tmp_path, words):
    file, other, link = tmp_path / "in.csv", tmp_path / "mend.in.csv", tmp_path / "link.csv"
    for path in (file, other):
        path.write_text("id,n\n1,1\n2,x\n")
    link.symlink_to(file)
    options = ["--to", database.url, "--on-error", "continue", "--types", "infer", *words]
    for rejects, files, named in ((file, [file], file), (link, [file], file), (file, [link], link),
                                  (tmp_path / "mend.csv", [file, other], other)):
        refused = run_cpi("import", *options, "--rejects", rejects, *files)
        assert refused.returncode == 2 and f'would replace "{named}"' in refused.stderr, refused
        assert file.read_text() == other.read_text() == "id,n\n1,1\n2,x\n"
    assert database.value("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'") == 0
    assert sorted(tmp_path.iterdir()) == [file, link, other]


def test_rejects_of_a_project_never_replace_a_file_that_was_named(agent, database, name, tmp_path):
    job_with_rejects(agent, database, name)
    folder = agent.project(name + "_2", database, defaults={"primary_key": "id", "delimiter": ";", "on_error": "continue"})
    file, mend = folder / "prices.csv", tmp_path / "mend.csv"
    file.write_text(PRICES)
    jobs = "SELECT count(*) FROM cpi_jobs"
    before = agent.sql(jobs)
    refused = run_cpi("import", name + "_2", file, "--rejects", file, environment=agent.environment)
    assert refused.returncode == 2 and f'would replace "{file}"' in refused.stderr, refused
    assert agent.sql(jobs) == before
    done = run_cpi("import", name + "_2", file, "--rejects", mend, environment=agent.environment)
    assert done.returncode == 3 and mend.exists(), done
    job_id = re.search(r"--replay (\S+)", done.stderr).group(1)
    rows, before = mend.read_text(), agent.sql(jobs)
    for words, path in ((["jobs", job_id], file), (["import", "--replay", job_id, mend], mend)):
        refused = run_cpi(*words, "--rejects", path, environment=agent.environment)
        assert refused.returncode == 2 and f'would replace "{path}"' in refused.stderr, refused
    assert (file.read_text(), mend.read_text(), agent.sql(jobs)) == (PRICES, rows, before)


def test_rejects_may_go_to_standard_output(database, tmp_path):
    file = tmp_path / "in.csv"
    file.write_text("id,n\n1,1\n2,x\n")
    database.execute('CREATE TABLE "in" (id int PRIMARY KEY, n int)')
    result = run_cpi("import", "--to", database.url, "--on-error", "continue", "--quiet", "--rejects", "/dev/stdout", file)
    assert result.returncode == 3 and result.stdout.splitlines()[1].endswith(",2,x"), result


def test_rejected_rows_that_are_tried_again_are_never_fused(agent, database, name):
    database.execute("CREATE TABLE m (id int PRIMARY KEY, t text, n numeric)")
    folder = agent.project(name, database, defaults={"on_error": "continue"})
    (folder / "m.csv").write_text('id,t,n\n1,a,1\n2,"a,3\n3,"ok",2\n4,b",5\n6,"ok",2\n7,"c\nd",x\n8,"un,3\n5,a\n')
    job = agent.run_import(name)
    rows = [(1, "a", 1), (3, "ok", 2), (6, "ok", 2)]
    assert database.rows("SELECT * FROM m ORDER BY id") == rows, job
    before = agent.get(f"/jobs/{job['id']}/rejects").json["rejects"]
    again = replay(agent, job["id"])
    assert database.rows("SELECT * FROM m ORDER BY id") == rows, again
    assert (again["total_inserted"], again["total_rejected"]) == (0, len(before)), again
    after = agent.get(f"/jobs/{again['id']}/rejects").json["rejects"]
    assert sorted(r["raw"] for r in after) == sorted(r["raw"] for r in before), after
    assert {r["raw"]: r["reason"] for r in after}['2,"a,3'] in ("unclosed_quote", "stray_quote"), after
    # Nor are they when they are sent back as they were given, each behind its reason.
    sent = replay(agent, job["id"], body=rejects_csv(agent, job["id"]))
    assert sent["total_inserted"] == 0 and database.rows("SELECT * FROM m ORDER BY id") == rows, sent
    # What can be loaded by now is, beside those that cannot.
    database.execute("ALTER TABLE m ALTER COLUMN n TYPE text")
    again = replay(agent, again["id"])
    assert (again["total_inserted"], again["total_rejected"]) == (1, len(before) - 1), again
    assert database.rows("SELECT t, n FROM m WHERE id = 7") == [("c\nd", "x")]


def test_rows_are_tried_again_as_the_config_reads_them_now(agent, database, name):
    database.execute("CREATE TABLE m (id int PRIMARY KEY, t text, n numeric)")
    folder = agent.project(name, database, defaults={"on_error": "continue"})
    (folder / "m.csv").write_text('id,t,n\n1,a,1\n2, "b, c" ,3\n3,"open,4\n')
    job = agent.run_import(name)
    assert job["total_rejected"] == 2, job
    config = agent.get(f"/projects/{name}").json["config"]
    config["defaults"]["trim"] = True
    assert agent.put(f"/projects/{name}", {"config": config}).status == 200
    again = replay(agent, job["id"])
    assert (again["total_inserted"], again["total_rejected"]) == (1, 1), again
    assert database.rows("SELECT * FROM m WHERE id = 2") == [(2, "b, c", 3)]
    # Where one bad row is too many, one that was set aside is, too.
    config["defaults"] |= {"on_error": "abort"}
    assert agent.put(f"/projects/{name}", {"config": config}).status == 200
    database.execute("DELETE FROM m WHERE id = 2")
    again = replay(agent, job["id"])
    assert (again["status"], again["total_inserted"]) == ("failed", 0), again
    assert "quote" in again["last_error"], again


@pytest.mark.parametrize("delimiter, header", [(", ", "id, unit price, n"), ("||", "id||a|b||n"), (" ", "id a_b n")])
def test_names_survive_a_dialect_that_cannot_quote_them(agent, database, name, delimiter, header):
    folder = agent.project(name, database, defaults={"primary_key": "id", "delimiter": delimiter, "quote": "",
                                                     "on_error": "continue", "new_columns": "add"})
    database.execute("CREATE TABLE m (id int PRIMARY KEY, n int)")
    rows = [["1", "a", "1"], ["2", "b", "x"], ["3", "c", "y"]]
    (folder / "m.csv").write_text("\n".join([header, *map(delimiter.join, rows)]) + "\n")
    job = agent.run_import(name)
    assert job["total_rejected"] == 2, job
    columns = "SELECT string_agg(column_name, '/' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 'm'"
    before = database.value(columns)
    text = rejects_csv(agent, job["id"])
    assert text.splitlines()[0] == f"cpi_reason{delimiter}{header}", text
    mended = replay(agent, job["id"], body=text.replace(f"{delimiter}x\n", f"{delimiter}5\n"))
    assert (mended["total_inserted"], mended["total_rejected"]) == (1, 1), mended
    database.execute("ALTER TABLE m ALTER COLUMN n TYPE text")
    again = replay(agent, job["id"])
    assert (again["total_inserted"], again["total_rejected"]) == (1, 0), again
    assert database.value(columns) == before


def test_names_that_cannot_be_written_without_quotes_come_back_as_they_were(agent, database, name):
    database.execute('CREATE TABLE m (id int PRIMARY KEY, "a,b" text, n int)')
    folder = agent.project(name, database, defaults={"quote": "", "on_error": "continue", "header": False,
                                                     "columns": ["id", "a,b", "n"]})
    (folder / "m.csv").write_text("1,a,1\n2,b,x\n")
    job = agent.run_import(name)
    text = rejects_csv(agent, job["id"])
    assert text.splitlines()[0] == "cpi_reason,id,a b,n", text
    again = replay(agent, job["id"], body=text.replace(",x\n", ",2\n"))
    assert (again["status"], again["total_inserted"]) == ("completed", 1), again
    assert database.rows('SELECT id, "a,b", n FROM m ORDER BY id') == [(1, "a", 1), (2, "b", 2)]
    database.execute("DELETE FROM m WHERE id = 2; ALTER TABLE m ALTER COLUMN n TYPE text")
    again = replay(agent, job["id"])
    assert (again["status"], again["total_inserted"]) == ("completed", 1), again
    assert database.value("SELECT count(*) FROM information_schema.columns WHERE table_name = 'm'") == 3


def test_a_row_that_came_twice_does_not_take_the_accepted_ones_place(agent, database, name):
    database.execute("CREATE TABLE m (id int PRIMARY KEY, t text, n int)")
    folder = agent.project(name, database, defaults={"on_error": "continue", "duplicates": "error"})
    (folder / "m.csv").write_text("id,t,n\n1,first,1\n1,second,1\n2,b,x\n")
    job = agent.run_import(name)
    assert job["total_rejected"] == 2, job
    answer = agent.post(f"/jobs/{job['id']}/rejects/replay")
    assert (answer.json["rows"], answer.json["rows_duplicate"], answer.json["rows_not_kept"]) == (1, 1, 0), answer
    agent.wait(answer.json["job_id"])
    assert database.rows("SELECT * FROM m") == [(1, "first", 1)]


def test_mended_rows_of_another_day_are_loaded_though_they_read_the_same(agent, database, name):
    database.execute("CREATE TABLE m (id int, t text CHECK (t <> 'x'))")
    folder = agent.project(name, database, defaults={"on_error": "continue"})
    for day in (1, 2):
        (folder / "m.csv").write_text(f"id,t\n{day},a\n7,x\n")
        job = agent.run_import(name)
        assert job["total_rejected"] == 1, job
        assert replay(agent, job["id"], body="id,t\n7,b\n")["total_inserted"] == 1
    assert database.value("SELECT count(*) FROM m WHERE id = 7") == 2


def test_rejects_of_a_failed_file_do_not_ride_along(agent, database, name):
    database.execute("CREATE TABLE a (id int, n int); CREATE TABLE b (id int, n int)")
    folder = agent.project(name, database, defaults={"on_error": "continue"},
                           tables=[{"file_pattern": "b.csv", "on_error": "abort"}])
    (folder / "a.csv").write_text("id,n\n1,1\n2,x\n")
    (folder / "b.csv").write_text("id,n\n3,3\n4,y\n")
    job = agent.run_import(name)
    text = rejects_csv(agent, job["id"])
    assert text.splitlines()[1].endswith(",2,x") and len(text.splitlines()) == 2, text
    assert rejects_csv(agent, job["id"], "?file=b.csv").splitlines()[1].endswith(",4,y")


ROWS = PRICES.split("\n", 1)[1]
LAYOUTS = {"skiprows": (["--skiprows", "1"], "prices of today\n" + PRICES),
           "header": (["--header", "2"], "id;name;\n;;price\n" + ROWS),
           "header, columns": (["--header", "false", "--set", 'columns=["id", "name", "price"]'], ROWS),
           "comment, stop_at": (["--set", "comment=c", "--set", 'stop_at="line'], PRICES)}


@pytest.mark.parametrize("options_set_aside", LAYOUTS)
def test_mended_rows_are_imported_with_the_options_of_the_file_that_they_came_from(database, tmp_path, options_set_aside):
    """What those options say of the lines above and below the rows is not of the file of rejects."""
    words, content = LAYOUTS[options_set_aside]
    file, mend = tmp_path / "prices.csv", tmp_path / "mend.csv"
    file.write_text(content)
    database.execute("CREATE TABLE prices (id int PRIMARY KEY, name text, price numeric)")
    options = ["--to", database.url, "--table", "prices", "--delimiter", ";", "--on-error", "continue", *words]
    result = run_cpi("import", *options, "--rejects", mend, file)
    assert result.returncode == 3 and "(--table)" in result.stderr, result
    unmended = run_cpi("import", *options, mend)
    assert unmended.returncode == 3 and database.value("SELECT count(*) FROM prices") == 2, unmended
    mend.write_text(mend.read_text().replace(";x\n", ";2.5\n").replace("3;Cleo\n", "3;Cleo;3\n"))
    mended = run_cpi("import", *options, mend)
    assert mended.returncode == 0 and f"says, without {options_set_aside}\n" in mended.stderr, mended
    assert database.value("SELECT count(*) FROM prices") == 4
    assert database.value("SELECT name FROM prices WHERE price = 2.5") == "Bob; the second"
    assert database.value("SELECT count(*) FROM information_schema.columns WHERE table_name = 'prices'") == 3


def test_rejects_of_a_load_that_changed_nothing_are_not_offered_for_import(database, tmp_path):
    file, mend = tmp_path / "prices.csv", tmp_path / "mend.csv"
    file.write_text(PRICES)
    database.execute("CREATE TABLE prices (id int PRIMARY KEY, name text, price numeric)")
    options = ["--to", database.url, "--delimiter", ";", "--rejects", mend, file]
    for words in (["--on-error", "abort"], ["--on-error", "continue", "--dry-run"]):
        result = run_cpi("import", *words, *options)
        assert str(mend) in result.stderr and "nothing was loaded" in result.stderr, result
        assert "--table" not in result.stderr, result


@pytest.mark.parametrize("refusal", ["CHECK", "CHECK beside a trigger", "NOT NULL", "partition"])
@pytest.mark.parametrize("options", [{"on_error": "abort"}, {"max_errors": 0}, {"on_error": "continue"}])
def test_errors_name_the_place_of_a_refused_row_and_never_show_all_of_it(agent, database, name, refusal, options):
    """Viewers read errors, and only operators people's rows."""
    n = {"NOT NULL": "n int NOT NULL"}.get(refusal, "n int CHECK (n > 0)")
    database.execute(f"CREATE TABLE m (id int, name text, {n})" + " PARTITION BY RANGE (n)" * (refusal == "partition"))
    if refusal == "partition":
        database.execute("CREATE TABLE m_1 PARTITION OF m FOR VALUES FROM (1) TO (9); ALTER TABLE m DROP CONSTRAINT m_n_check")
    if "trigger" in refusal:
        database.execute("CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
                         "CREATE TRIGGER t BEFORE INSERT ON m FOR EACH ROW EXECUTE FUNCTION same()")
    folder = agent.project(name, database, defaults=options)
    (folder / "m.csv").write_text(f"id,name,n\n1,good,1\n2,secretname,{'' if refusal == 'NOT NULL' else -5}\n")
    job = agent.run_import(name)
    assert job["status"] == ("partial" if options == {"on_error": "continue"} else "failed"), job
    assert "secretname" not in str(job), job
    if "on_error" in options and job["status"] == "failed":
        assert "line 3" in job["last_error"], job
    for reject in agent.get(f"/jobs/{job['id']}/rejects").json["rejects"]:
        assert "secretname" not in reject["message"] and "secretname" in reject["raw"], reject
