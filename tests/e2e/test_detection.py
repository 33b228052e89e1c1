"""How files are written, found out: cpi sniff, "auto" on the command line and in projects, hints after a failure."""

import json
import subprocess

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
