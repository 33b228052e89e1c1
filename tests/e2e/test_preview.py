"""cpi_preview accepts what an import accepts, and refuses what it refuses, in the same words."""

import json

import pytest

from harness import run_cpi

CSV = "id,Name,Amount\n1,Ada,\"1,50\"\n2,Grace,2\n"

# Options that are wrong whatever the file: refused when they are saved, previewed or imported.
INVALID = [
    {"encoding": "utf-9"},
    {"encoding": "klingon"},
    {"date_format": "%Q"},
    {"date_format": "%d.%m.%Y"},
    {"date_format": "DD.MM"},
    {"timezone": "Europe/Berln"},
    {"decimal_separator": ",", "thousands_separator": ","},
    {"thousands_separator": "e"},
    {"true_values": ["Ja"], "false_values": ["JA "]},
    {"true_values": ["x"], "null_if": ["x"]},
    {"columns": ["id", "b"], "primary_key": "c"},
    {"columns": ["a", "b"], "column_mapping": {"c": "d"}},
    {"column_mapping": {"id": "x", "Name": "x"}},
    {"column_mapping": {"id": "ctid"}},
    {"primary_key": "id", "header": False},
    {"quote": ";;", "delimiter": ";"},
    {"delimiter": ";", "escape": ";"},
    {"max_errors": 5, "on_error": "abort"},
    {"stop_att": "x"},
    {"ragged": "padd"},
]

# Options that do not fit this file.
UNFIT = [
    {"primary_key": "nr"},
    {"primary_key": ["id", "Nmae"]},
    {"column_mapping": {"Name": "id"}},
    {"column_names": "snake_case", "column_mapping": {"id": "name"}},
    {"rebuild_table": True},
    {"missing_rows": "delete", "primary_key": "id"},
]


def imported(database, path, options):
    config = path.parent / "config.json"
    config.write_text(json.dumps(options))
    result = run_cpi("import", "--to", database.url, "--config", config, "--dry-run", "--json", path)
    return result, " ".join(result.stderr.split()) + " ".join(
        str(json.loads(line).get("error")) for line in result.stdout.splitlines())


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text(CSV)
    return path


@pytest.mark.parametrize("options", INVALID, ids=json.dumps)
def test_options_that_an_import_refuses_are_refused_by_a_preview_and_when_saved(agent, database, name, file, options):
    result, said = imported(database, file, options)
    assert result.returncode == 2, result
    preview = agent.post("/rpc/cpi_preview", {"content": CSV, "options": options})
    assert preview.status == 422, preview
    assert preview.json["details"] and all(" ".join(line.split()) in said for line in preview.json["details"].splitlines()), \
        (preview.json, said)
    saved = agent.post("/projects", {"name": name, "config": {"defaults": options}})
    assert saved.status == 422, saved
    assert all(error["message"] in said for error in saved.json["errors"]), (saved.json, said)


@pytest.mark.parametrize("options", UNFIT, ids=json.dumps)
def test_what_would_stop_the_import_of_a_file_is_told_by_its_preview(agent, database, file, options):
    result, said = imported(database, file, options)
    assert result.returncode == 1, result
    preview = agent.post("/rpc/cpi_preview", {"content": CSV, "options": options})
    assert preview.status == 200, preview
    problem = preview.json["problems"][0]
    assert problem["message"].replace("the table", "public.people") in said, (problem, said)
    assert preview.json["rows"], "the rows are shown all the same"


def test_what_an_import_remarks_a_preview_remarks_too(agent, database, file):
    options = {"primary_key": "ID", "column_mapping": {"Nmae": "n"}}
    result, _ = imported(database, file, options)
    assert result.returncode == 0, result
    [entry] = map(json.loads, result.stdout.splitlines())
    preview = agent.post("/rpc/cpi_preview", {"content": CSV, "options": options}).json
    assert preview["problems"] == []
    assert preview["warnings"] == ['column_mapping names column "Nmae", which the file lacks: did you mean "Name"?']
    assert preview["warnings"][0] in entry["warnings"]


def test_an_odd_header_has_the_same_names_in_preview_file_result_and_table(agent, database, tmp_path):
    header = ["id", "", "id", "na\u200bme", "\u00a0", "Order\nDate", "ä" * 40, "ä" * 41, "select", "Größe (cm)"]
    names = ["id", "column2", "id_2", "name", "column5", "Order Date", "ä" * 31, "ä" * 30 + "_2", "select", "Größe (cm)"]
    content = ",".join(f'"{name}"' for name in header) + "\n" + ",".join(str(i) for i in range(10)) + "\n"
    preview = agent.post("/rpc/cpi_preview", {"content": content}).json
    assert [column["name"] for column in preview["columns"]] == names
    file = tmp_path / "odd.csv"
    file.write_text(content)
    for inserted in (1, 0):
        result = run_cpi("import", "--to", database.url, "-k", "id", "--json", file)
        assert result.returncode == 0, result
        [entry] = map(json.loads, result.stdout.splitlines())
        assert entry["columns"] == names and entry["inserted"] == inserted
        assert [name.strip("\u00a0") for name in entry["header"]] == [name.strip("\u00a0") for name in header]
    assert database.rows("SELECT attname FROM pg_attribute WHERE attrelid = 'odd'::regclass AND attnum > 0 ORDER BY attnum") \
        == [(name,) for name in names]
