"""The OpenAPI document as its readers take it: two linters find nothing, and its examples, sent one after the other to a
running agent, are answered as it says. portman.json says what is checked of each answer, and which values of the
examples (a database's URL, a directory, ids that the agent makes) are exchanged for real ones."""

import json
import subprocess

import pytest

import harness

HERE = harness.ROOT / "tests" / "contract"
TOOLS = harness.BUILD / "contract" / "node_modules" / ".bin"

# What must be there before others can be asked for comes first, what takes it away comes last.
FIRST = ["POST /connections", "POST /sources", "POST /projects", "POST /import", "GET /jobs/{id}",
         "GET /jobs/{id}/rejects", "GET /jobs/{id}/deliveries", "POST /jobs/{id}/retry", "POST /api-keys"]
LAST = ["DELETE /projects/{project}", "DELETE /sources/{id}", "DELETE /connections/{id}", "DELETE /api-keys/{id}"]


def tool(name, *arguments, cwd):
    return subprocess.run([str(TOOLS / name), *map(str, arguments)], cwd=cwd, stdin=subprocess.DEVNULL, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def document(agent, tmp_path_factory):
    """The agent's document in a file."""
    path = tmp_path_factory.mktemp("openapi") / "openapi.json"
    path.write_bytes(agent.get("/openapi.json", key=None).body)
    return path


def is_stream(operation):
    return any("text/event-stream" in response.get("content", {}) for response in operation["responses"].values())


def test_spectral_finds_no_error(document):
    result = tool("spectral", "lint", "--ruleset", HERE / "spectral.yaml", "--fail-severity", "warn", document,
                  cwd=document.parent)
    assert result.returncode == 0, result.stdout


def test_redocly_finds_no_error(document):
    result = tool("redocly", "lint", "--extends", "recommended", document, cwd=document.parent)
    assert result.returncode == 0, result.stdout


def test_a_broken_document_is_found_by_both_linters(document, tmp_path):
    broken = json.loads(document.read_text())
    broken["paths"]["/import"]["post"]["responses"]["202"] = "a text"
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(broken))
    assert tool("spectral", "lint", "--ruleset", HERE / "spectral.yaml", path, cwd=tmp_path).returncode != 0
    assert tool("redocly", "lint", "--extends", "recommended", path, cwd=tmp_path).returncode != 0


def operations(document):
    """ "METHOD /path" of all that answer and end; event streams go on for ever (tests/e2e reads them)."""
    return {f"{method.upper()} {path}" for path, methods in document["paths"].items()
            for method, operation in methods.items() if not is_stream(operation)}


def requests_of(collection):
    """Postman's folders opened: every request with the operation that it stands for."""
    for item in collection:
        if "item" in item:
            yield from requests_of(item["item"])
        else:
            names = [f"{{{part[1:]}}}" if part.startswith(":") else part for part in item["request"]["url"]["path"]]
            yield f"{item['request']['method']} /{'/'.join(names)}", item


def rank(operation):
    if operation in FIRST:
        return FIRST.index(operation)
    return 1000 + LAST.index(operation) if operation in LAST else 500


def job_with_rejects(agent, database):
    """A file that was loaded but for one row."""
    database.execute("CREATE TABLE mended (id int PRIMARY KEY, name text)")
    folder = agent.project("mends", database, defaults={"on_error": "continue"},
                           tables=[{"file_pattern": "customers.csv", "target_table": "mended"}])
    (folder / "customers.csv").write_text("id,name\nx,Ada\n2,Grace\n")
    return agent.run_import("mends")


def test_the_examples_are_answered_as_the_document_says(agent, database, document, tmp_path):
    folder = agent.inbox / "contract"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "customers.csv").write_text("id,name\n1,Ada\n2,Grace\n")
    # A file that cannot be loaded, so that there are rejects, and something to be tried again.
    database.execute("CREATE TABLE orders (id int PRIMARY KEY, amount int)")
    (folder / "orders.csv").write_text("id,amount\n1,none\n")
    agent.post("/connections", {"name": "nowhere", "database_url": "postgresql://u:p@127.0.0.1:1/x"})
    agent.post("/projects", {"name": "waits", "connection_id": "nowhere", "config": {"local": {"path": str(folder)}}})
    values = {"api_key": agent.api_key, "database_url": database.url, "folder": str(folder),
              "callback_url": "http://127.0.0.1:1/webhook/xyz",
              "waiting_job_id": agent.post("/import", {"project": "waits"}).json["job_id"],
              "partial_job_id": job_with_rejects(agent, database)["id"]}

    described = json.loads(document.read_text())
    for path, methods in list(described["paths"].items()):
        if any(is_stream(operation) for operation in methods.values()):
            del described["paths"][path]
    (tmp_path / "ending.json").write_text(json.dumps(described))
    result = tool("portman", "--local", "ending.json", "--baseUrl", f"http://127.0.0.1:{agent.port}",
                  "--portmanConfigFile", HERE / "portman.json", "--output", "collection.json", cwd=tmp_path)
    assert (tmp_path / "collection.json").exists(), result.stdout
    collection = json.loads((tmp_path / "collection.json").read_text())
    requests = sorted(requests_of(collection["item"]), key=lambda request: rank(request[0]))
    assert {operation for operation, _ in requests} == operations(described)
    collection["item"] = [item for _, item in requests]
    (tmp_path / "collection.json").write_text(json.dumps(collection))
    (tmp_path / "values.json").write_text(json.dumps(
        {"name": "agent", "values": [{"key": key, "value": value, "enabled": True} for key, value in values.items()]}))

    result = tool("newman", "run", "collection.json", "--environment", "values.json", "--reporters", "cli,json",
                  "--reporter-json-export", "report.json", "--color", "off", "--disable-unicode", cwd=tmp_path)
    run = json.loads((tmp_path / "report.json").read_text())["run"]
    failures = [f"{failure['source']['name']}: {failure['error']['test']}: {failure['error']['message']}"
                for failure in run["failures"]]
    assert failures == [], "\n".join(failures) + result.stdout
    assert run["stats"]["requests"]["total"] == len(requests)
    assert run["stats"]["assertions"]["total"] > 3 * len(requests)
    print(f"{len(requests)} operations, {run['stats']['assertions']['total']} assertions")
