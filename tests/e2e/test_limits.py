"""Fields and rows that are too long: what they cost, and how much memory."""

import json
import random
import resource
import string
import subprocess

from harness import CPI, run_cpi

MEGABYTE = 1 << 20


def write_long(path, megabytes, quoted):
    """Two rows with one between them that has a field of so many megabytes."""
    mark = '"' if quoted else ""
    with open(path, "w") as file:
        file.write("id,note\n1,a\n2," + mark)
        for _ in range(megabytes * 16):
            file.write(("x" * 63 + ("\n" if quoted else "y")) * 1024)
        file.write(mark + "\n3,c\n")


def test_a_field_over_the_limit_costs_its_own_row(database, tmp_path):
    for quoted in (False, True):
        database.execute("DROP TABLE IF EXISTS long")
        write_long(tmp_path / "long.csv", 20, quoted)
        result = run_cpi("import", "--to", database.url, "-k", "id", "--on-error", "continue", "--json",
                         tmp_path / "long.csv")
        assert result.returncode == 3, result.stderr
        [entry] = map(json.loads, result.stdout.splitlines())
        assert (entry["inserted"], entry["rejected"]) == (2, 1)
        [reject] = entry["rejects"]
        assert (reject["line"], reject["column"], reject["reason"]) == (3, "note", "field_too_long")
        assert "16777216 bytes" in reject["message"] and len(reject["raw"]) == 65536
        assert database.rows("SELECT id, note FROM long ORDER BY id") == [("1", "a"), ("3", "c")]


def test_a_field_over_the_limit_fails_a_load_that_allows_no_errors(database, tmp_path):
    write_long(tmp_path / "long.csv", 20, False)
    result = run_cpi("import", "--to", database.url, tmp_path / "long.csv")
    assert result.returncode == 1 and "line 3, column \"note\": a field has more than" in result.stderr
    assert database.value("SELECT to_regclass('long')") is None


def test_memory_does_not_grow_with_what_is_too_long(database, tmp_path):
    write_long(tmp_path / "long.csv", 200, False)
    process = subprocess.Popen([str(CPI), "import", "--to", database.url, "--on-error", "continue", "--json",
                                str(tmp_path / "long.csv")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 3, err
    assert json.loads(out)["rejected"] == 1
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 256 * 1024  # kB


def test_a_header_over_the_limits_is_an_error_before_anything_is_written(database, tmp_path):
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join(f"c{i}" for i in range(1601)) + "\n")
    result = run_cpi("import", "--to", database.url, wide)
    assert result.returncode == 1 and "1601 columns, more than the 1600" in result.stderr
    long = tmp_path / "header.csv"
    long.write_text("id," + "x" * (MEGABYTE + 1) + "\n1,a\n")
    result = run_cpi("import", "--to", database.url, long)
    assert result.returncode == 1 and "the header at line 1 has more than 1048576 bytes" in result.stderr


def test_a_row_too_big_for_a_page_costs_itself_alone(database, tmp_path):
    columns = [f"c{i}" for i in range(500)]
    with open(tmp_path / "wide.csv", "w") as file:
        file.write("id," + ",".join(columns) + "\n")
        for number, value in ((1, "short"), (2, "some twenty characters"), (3, "x" * 300)):
            file.write(f"{number}," + ",".join([value] * (len(columns) if number < 3 else 20) +
                                               [""] * (0 if number < 3 else len(columns) - 20)) + "\n")
    result = run_cpi("import", "--to", database.url, "-k", "id", "--on-error", "continue", "--json",
                     tmp_path / "wide.csv")
    assert result.returncode == 3, result.stderr
    [entry] = map(json.loads, result.stdout.splitlines())
    assert (entry["inserted"], entry["rejected"]) == (2, 1)
    [reject] = entry["rejects"]
    assert (reject["line"], reject["reason"]) == (3, "refused_by_server")
    assert "too big for a page" in reject["message"] and reject["raw"].startswith("2,some twenty")
    assert database.rows("SELECT id FROM wide ORDER BY id") == [("1",), ("3",)]


def test_a_key_too_long_for_an_index_costs_its_own_row(database, tmp_path):
    long = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=9000))  # hardly compresses
    (tmp_path / "keys.csv").write_text(f"id,note\na,1\n{long},2\nb,3\n")
    result = run_cpi("import", "--to", database.url, "-k", "id", "--on-error", "continue", "--json",
                     tmp_path / "keys.csv")
    assert result.returncode == 3, result.stderr
    [entry] = map(json.loads, result.stdout.splitlines())
    assert (entry["inserted"], entry["rejected"]) == (2, 1)
    [reject] = entry["rejects"]
    assert (reject["line"], reject["reason"]) == (3, "refused_by_server") and "index row" in reject["message"]


def test_more_columns_than_can_be_staged_are_an_error_before_anything_is_written(database, tmp_path):
    names = [f"c{i}" for i in range(1600)]
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join(names) + "\n" + ",".join(["1"] * 1600) + "\n")
    result = run_cpi("import", "--to", database.url, wide)
    assert result.returncode == 1, result.stderr
    assert "1600 columns of the file are to be loaded; cpi loads at most 1599" in result.stderr
    assert "new_columns" in result.stderr
    assert database.value("SELECT to_regclass('wide')") is None
    # The way out that the hint tells.
    database.execute("CREATE TABLE wide (c0 int, c1599 int)")
    (tmp_path / "options.json").write_text(json.dumps({"new_columns": "ignore"}))
    result = run_cpi("import", "--to", database.url, "--config", tmp_path / "options.json", wide)
    assert result.returncode == 0, result.stderr
    assert database.rows("SELECT * FROM wide") == [(1, 1)]
