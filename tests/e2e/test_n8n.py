"""The workflow files of the n8n kit: each parameter is one that n8n's nodes have, and what they do works with a live agent."""

import json
import select

import psycopg2
import pytest

import harness
import n8n

KIT = harness.DATA / "n8n"
FILES = sorted(KIT.glob("*.json"))
GOOD = "id,name\n1,Ada\n2,Grace\n"
BAD_ROW = "id,name\n1,Ada\ntwo,Grace\n"


@pytest.fixture(scope="module")
def descriptions():
    return n8n.Descriptions()


@pytest.fixture
def resume_url():
    url = n8n.ResumeUrl()
    yield url
    url.close()


def workflow(file):
    return json.loads((KIT / file).read_text())


def project(agent, database, name, content):
    database.execute("CREATE TABLE people (id integer PRIMARY KEY, name text)")
    folder = agent.project(name, database, defaults={"file_pattern": "*.csv", "on_error": "continue"})
    if content:
        (folder / "people.csv").write_text(content)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_every_parameter_is_one_that_n8n_has(file, descriptions):
    flow = json.loads(file.read_text())
    for node in flow["nodes"]:
        n8n.Description(descriptions, node).check(node["parameters"])
    names = [node["name"] for node in flow["nodes"]]
    assert len(set(names)) == len(names)
    for source, outputs in flow["connections"].items():
        assert source in names
        assert all(link["node"] in names for links in outputs["main"] for link in links)


def test_a_parameter_that_n8n_does_not_have_is_found(descriptions):
    [start] = [n for n in workflow("import_with_callback.json")["nodes"] if n["name"] == "Start the import"]
    description = n8n.Description(descriptions, start)
    for change in ({"requestMethod": "POST"}, {"method": "FETCH"}, {"jsonBody": "{}"}):
        with pytest.raises(AssertionError):
            description.check({**start["parameters"], **change})


@pytest.mark.parametrize("file", ["import_with_callback.json", "import_by_postgres_node.json"])
@pytest.mark.parametrize("content, ends_at", [(GOOD, "Done"), (BAD_ROW, "Rejected rows"), ("id,name\n\"", "Failed")],
                         ids=["completed", "partial", "failed"])
def test_the_nightly_import_is_called_back_and_branches(file, content, ends_at, agent, database, name, resume_url):
    project(agent, database, name, content)
    if ends_at == "Failed":
        database.execute("DROP TABLE people; CREATE VIEW people AS SELECT 1 AS id, ''::text AS name")
    execution = n8n.Execution(workflow(file), agent, name, resume_url)
    last = execution.run({"timestamp": "2026-11-24T02:30:00.000+01:00"})
    assert execution.visited == ["Every night", "Start the import", "Wait for cpi", "How did it end?", ends_at]
    assert resume_url.call["path"] == resume_url.path, "the resume URL is called byte for byte"
    assert resume_url.call["body"]["project"] == name
    if ends_at == "Done":
        assert database.rows("SELECT id, name FROM people ORDER BY id") == [(1, "Ada"), (2, "Grace")]
    if ends_at == "Rejected rows":
        assert "two" in json.dumps(last)
    if ends_at == "Failed":
        assert execution.error.startswith(f"Import of {name} ended as failed: ")


def test_the_postgres_trigger_hears_of_a_partial_import(agent, database, name):
    flow = workflow("listen_to_jobs.json")
    [trigger] = [n for n in flow["nodes"] if n["type"].endswith("postgresTrigger")]
    project(agent, database, name, BAD_ROW)
    listener = psycopg2.connect(host=str(agent.directory / "run"), port=5432, dbname="cpi", user="cpi")
    listener.autocommit = True
    listener.cursor().execute(f"LISTEN {trigger['parameters']['channelName']}")
    job = agent.run_import(name)
    heard = []
    while select.select([listener], [], [], 5)[0]:
        listener.poll()
        heard += [json.loads(n.payload) for n in listener.notifies]
        listener.notifies.clear()
        if any(p["job_id"] == job["id"] and p["status"] == "partial" for p in heard):
            break
    listener.close()
    [payload] = [p for p in heard if p["job_id"] == job["id"] and p["status"] == "partial"]
    execution = n8n.Execution(flow, agent, name)
    last = execution.run({"channel": "cpi_jobs", "processId": 1, "payload": payload})
    assert execution.visited[-1] == "The job"
    assert last["job"]["total_rejected"] == 1


def test_the_sse_trigger_hears_of_a_partial_import(agent, database, name):
    flow = workflow("stream_of_jobs.json")
    [trigger] = [n for n in flow["nodes"] if n["type"].endswith("sseTrigger")]
    project(agent, database, name, BAD_ROW)
    events = n8n.server_sent_events(agent, trigger["parameters"]["url"])
    next(events)
    job = agent.run_import(name)
    event = next(e for e in events if e["job_id"] == job["id"] and e["status"] == "partial")
    events.close()
    execution = n8n.Execution(flow, agent, name)
    last = execution.run(event)
    assert execution.visited[-1] == "The job"
    assert last["total_rejected"] == 1
