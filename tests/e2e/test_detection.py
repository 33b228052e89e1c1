"""How files are written, found out: cpi sniff, "auto" on the command line and in projects, hints after a failure."""

import json
import subprocess

import pytest

from harness import CPI, run_cpi

GERMAN = "Nr;Name;Preis\n1;Müller;12,50\n2;Groß;7,00\n3;Straße;9,25\n"


def sniff(path, *arguments):
    result = run_cpi("sniff", "--json", path, *arguments)
    assert result.returncode == 0, result
    return json.loads(result.stdout)


def test_sniff_prints_a_config_to_paste(tmp_path):
    file = tmp_path / "german.csv"
    file.write_text(GERMAN, encoding="windows-1252")
    text = run_cpi("sniff", file).stdout
    assert '"delimiter": ";"' in text and '"encoding": "windows-1252"' in text
    assert "certainty" in text and "integer" in text
    assert 'delimiter: ";"' in run_cpi("sniff", "--yaml", file).stdout
    found = sniff(file)
    assert found["config"] == {"delimiter": ";", "encoding": "windows-1252"}
    assert [column["name"] for column in found["columns"]] == ["Nr", "Name", "Preis"]


@pytest.mark.parametrize("form", [[], ["--yaml"]], ids=["json", "yaml"])
def test_what_sniff_prints_is_taken_by_an_import_as_it_is(database, tmp_path, form):
    file = tmp_path / "german.csv"
    file.write_text(GERMAN, encoding="windows-1252")
    printed = run_cpi("sniff", *form, file).stdout
    config = tmp_path / "config"
    config.write_text(printed[printed.index("defaults:" if form else "{"):])
    if not form:
        assert json.loads(config.read_text()) == {"defaults": {"delimiter": ";", "encoding": "windows-1252"}}
    result = run_cpi("import", "--to", database.url, "-k", "Nr", "--config", config, file)
    assert result.returncode == 0, result
    assert database.rows('SELECT "Name" FROM german ORDER BY "Nr"') == [("Müller",), ("Groß",), ("Straße",)]


def test_sniff_looks_for_the_first_byte_beyond_ascii_as_an_import_does(tmp_path):
    file = tmp_path / "late.csv"
    plain = "1,abcdefgh\n" * 90_000
    file.write_bytes(("id,name\n" + plain + "2,Müller in der Großen Straße, Köln\n".replace(", ", " ") + plain)
                     .encode("windows-1252"))
    assert sniff(file)["dialect"]["encoding"] == "windows-1252"


def test_what_is_left_out_or_only_likely_is_told(database, tmp_path):
    file = tmp_path / "report.csv"
    file.write_text("Report\nof May\n\nid;name\n1;x\n2;y\n")
    told = '3 lines before the table are ignored, the first: "Report"'
    assert told in sniff(file)["warnings"] and told in run_cpi("sniff", file).stdout
    result = run_cpi("import", "--to", database.url, "-k", "id", "--delimiter", "auto", "--skiprows", "auto", file)
    assert result.returncode == 0 and told in result.stderr, result
    one = tmp_path / "one.csv"
    one.write_text("preis\n1,50\n2,75\n3,00\n")
    result = run_cpi("import", "--to", database.url, "--set", "delimiter=auto", "--set", "header=auto", "--json", one)
    assert result.returncode == 0, result
    assert any('set "delimiter"' in warning for warning in json.loads(result.stdout)["warnings"])
    assert database.rows("SELECT preis FROM one") == [("1,50",), ("2,75",), ("3,00",)]


@pytest.mark.parametrize("text", ["id/name/born\n1/Ada/1815\n2/Jo/1906\n", "name\nLovelace, Ada\nHopper, Jo\n",
                                  "id   name       qty\n1    Ada          5\n22   Jo H        17\n",
                                  "id,name,x\n" + "1,a,2\n" * 100 + "1,a,2,3,4\n" * 300],
                         ids=["one column?", "one column or two?", "fixed widths", "two tables"])
def test_a_file_that_may_be_read_in_two_ways_is_refused(database, tmp_path, text):
    file = tmp_path / "unclear.csv"
    file.write_text(text)
    automatic = [word for option in ("delimiter", "quote", "escape", "encoding", "header", "skiprows")
                 for word in ("--set", option + "=auto")]
    result = run_cpi("import", "--to", database.url, *automatic, file)
    assert result.returncode == 1 and "et \"" in result.stderr, result
    assert database.value("SELECT to_regclass('unclear')") is None


def test_sniff_reads_a_pipe():
    result = subprocess.run([str(CPI), "sniff", "--json", "-"], input="a|b\n1|2\n", capture_output=True, text=True)
    assert json.loads(result.stdout)["dialect"]["delimiter"] == "|"


def test_sniff_refuses_what_is_no_table(tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert run_cpi("sniff", empty).returncode == 1
    assert "empty" in run_cpi("sniff", empty).stderr
    missing = run_cpi("sniff", tmp_path / "missing.csv")
    assert missing.returncode == 2 and "No such file" in missing.stderr
    assert "directory" in run_cpi("sniff", tmp_path).stderr
    binary = tmp_path / "binary.csv"
    binary.write_bytes(bytes(range(256)) * 40 + b"\0" * 4000)
    assert "no text" in run_cpi("sniff", binary).stderr
    unclear = tmp_path / "unclear.csv"
    unclear.write_text("a,b;c\nd,e;f\ng,h;i\n")
    result = run_cpi("sniff", unclear)
    assert result.returncode == 1 and 'set "delimiter"' in result.stderr


def test_import_detects_what_is_auto(database, tmp_path):
    file = tmp_path / "people.csv"
    file.write_bytes("a remark\n\nid;name\n1;Müller\n2;Groß\n".encode("windows-1252"))
    result = run_cpi("import", "--to", database.url, "-k", "id", "--delimiter", "auto", "--encoding", "auto", "--skiprows",
                     "auto", "--json", file)
    assert result.returncode == 0, result
    [entry] = map(json.loads, result.stdout.splitlines())
    assert entry["dialect"]["delimiter"] == ";" and entry["dialect"]["skiprows"] == 2
    assert entry["dialect"]["detected"]["delimiter"]["certainty"] > 0.5
    assert database.rows("SELECT name FROM people ORDER BY id") == [("Müller",), ("Groß",)]
    shown = run_cpi("import", "--to", database.url, "-k", "id", "--delimiter", "auto", "--encoding", "auto", "--skiprows",
                    "auto", file)
    assert 'detected delimiter ";"' in shown.stderr


def test_a_wrong_delimiter_is_told_with_the_right_one(database, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("id;name\n1;Ada\n2;Grace\n")
    hint = 'separated by ";": set "delimiter": ";"'
    new = run_cpi("import", "--to", database.url, file)
    assert new.returncode == 1 and hint in new.stderr, new
    assert database.value("SELECT to_regclass('people')") is None
    database.execute("CREATE TABLE people (id int PRIMARY KEY, name text)")
    existing = run_cpi("import", "--to", database.url, file)
    assert existing.returncode == 1 and hint in existing.stderr, existing
    file.write_text("report\nof people\nid,name\n1,Ada\n2,Grace\n3,Edsger\n")
    preamble = run_cpi("import", "--to", database.url, file)
    assert preamble.returncode == 1 and '"skiprows": 2' in preamble.stderr, preamble


AUTO = {"file_pattern": "*.csv", "primary_key": "id", "delimiter": "auto", "encoding": "auto", "quote": "auto",
        "header": "auto"}


def test_a_project_keeps_to_the_dialect_that_it_has_found(agent, database, name):
    folder = agent.project(name, database, defaults=AUTO, after_import="delete")
    (folder / "people.csv").write_text("id;name\n1;Ada\n2;Grace\n")
    job = agent.run_import(name)
    assert job["status"] == "completed", job
    assert job["file_results"][0]["dialect"]["delimiter"] == ";"
    [known] = agent.get(f"/projects/{name}").json["dialects"]
    assert known["delimiter"] == ";" and known["table_name"] == "people" and "encoding" not in known

    (folder / "people.csv").write_text("id;name\n3;\"Ö; ö\"\n")
    assert agent.run_import(name)["status"] == "completed"
    [known] = agent.get(f"/projects/{name}").json["dialects"]
    assert known["encoding"] == "utf-8" and known["quote"] == '"'

    (folder / "people.csv").write_text("id,name\n4,x\n5,y\n")
    failed = agent.run_import(name)
    assert failed["status"] == "failed"
    error = failed["file_results"][0]["error"]
    assert 'delimiter is ",", was ";"' in error and "force" in error
    assert agent.get(f"/projects/{name}").json["dialects"] == [known]

    assert agent.run_import(name, dry_run=True, force=True)["status"] == "completed"
    assert agent.get(f"/projects/{name}").json["dialects"] == [known], "a dry run stores nothing"
    assert agent.run_import(name, force=True)["status"] == "completed"
    [now] = agent.get(f"/projects/{name}").json["dialects"]
    assert now["delimiter"] == ","
    assert database.value("SELECT count(*) FROM people") == 5


def test_a_project_takes_no_file_in_another_code_page_for_one_like_those_before(agent, database, name):
    folder = agent.project(name, database, defaults=AUTO, after_import="delete")
    (folder / "people.csv").write_bytes("id;name\n1;café\n".encode("windows-1252"))
    job = agent.run_import(name)
    assert job["status"] == "completed", job
    assert any("encoding was detected" in warning for warning in job["file_results"][0]["warnings"])
    [known] = agent.get(f"/projects/{name}").json["dialects"]
    assert known["encoding"] == "windows-1252" and known["certainty"]["encoding"] < 0.75
    (folder / "people.csv").write_bytes("id;name\n2;Muñoz\n".encode("windows-1252"))
    again = agent.run_import(name)
    assert any("encoding was detected" in warning for warning in again["file_results"][0]["warnings"]), again
    assert database.rows("SELECT name FROM people ORDER BY id") == [("café",), ("Muñoz",)]

    (folder / "people.csv").write_bytes("id;name\n3;Müller\n4;Größe\n5;Köln\n".encode("cp850"))
    failed = agent.run_import(name)
    assert failed["status"] == "failed"
    assert 'encoding is "cp850", was "windows-1252"' in failed["file_results"][0]["error"]
    (folder / "people.csv").write_text("id\001name\n6\001Jo\n")
    failed = agent.run_import(name)
    assert failed["status"] == "failed" and "delimiter is" in failed["file_results"][0]["error"]
    assert database.value("SELECT count(*) FROM people") == 2


def test_files_of_one_job_are_held_against_each_other(agent, database, name):
    folder = agent.project(name, database, tables=[{"file_pattern": "*.csv", "target_table": "people", "primary_key": "id",
                                                   "delimiter": "auto"}])
    (folder / "a.csv").write_text("id;name\n1;Ada\n2;Grace\n")
    (folder / "b.csv").write_text("id,name\n3,Edsger\n4,Barbara\n")
    job = agent.run_import(name)
    assert job["status"] == "partial"
    assert [file["status"] for file in job["file_results"]] == ["completed", "failed"]


def test_sniff_and_preview_are_endpoints(agent):
    found = agent.post("/rpc/cpi_sniff", {"content": "id;name\n1;a\n"})
    assert found.status == 200 and found.json["config"] == {"delimiter": ";"}
    shown = agent.post("/rpc/cpi_preview", {"content": "id;name\n1;a\n2\n", "options": {"delimiter": ";"}})
    assert shown.status == 200, shown
    assert shown.json["rows"] == [{"line": 2, "values": ["1", "a"]}]
    assert shown.json["rejects"][0]["line"] == 3
    assert agent.post("/rpc/cpi_preview", {"content": "x", "options": {"delimitre": ";"}}).status == 422
