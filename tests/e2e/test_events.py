"""Server-sent events: what happens to jobs, in order, for whoever listens and whoever comes back."""

import http.client
import json
import select
import threading
import uuid

import psycopg2
import pytest


class Stream:
    """A client of one stream."""

    def __init__(self, agent, path, last=None, key=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", agent.port, timeout=60)
        headers = {"X-API-Key": key or agent.api_key, "Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = last
        self.connection.request("GET", path, headers=headers)
        self.answer = self.connection.getresponse()
        self.lines = []

    def event(self):
        """The next event: its id (or None) and its data."""
        identity = data = None
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream has ended"
            self.lines.append(line)
            if line.startswith("id: "):
                identity = line[4:].strip()
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif line == "\n" and data is not None:
                return identity, data

    def until(self, wanted):
        events = [self.event()]
        while not wanted(events[-1][1]):
            events.append(self.event())
        return events

    def close(self):
        self.connection.close()


@pytest.fixture
def folder(agent, database, name):
    folder = agent.project(name, database, defaults={"primary_key": "id"})
    (folder / "t.csv").write_text("id,name\n1,Ada\n2,Grace\n")
    return folder


def test_a_stream_tells_the_life_of_a_job(agent, folder, name):
    stream = Stream(agent, "/jobs/events")
    assert stream.answer.status == 200 and stream.answer.headers["Content-Type"].startswith("text/event-stream")
    job = agent.run_import(name)
    events = [data for _, data in stream.until(lambda e: e["job_id"] == job["id"] and e["event"] == "finished")
              if data["job_id"] == job["id"]]
    assert [e["event"] for e in events if e["event"] != "progress"] == [
        "created", "started", "listed", "file_finished", "finished"]
    assert events[-1]["status"] == "completed" and events[-1]["project"] == name
    assert events[-1]["total_inserted"] == 2
    assert not any(line.startswith("event:") for line in stream.lines)
    stream.close()


def test_a_client_that_comes_back_gets_what_it_missed_and_no_more(agent, folder, name):
    stream = Stream(agent, "/jobs/events")
    first = agent.run_import(name)
    last, _ = stream.until(lambda e: e["job_id"] == first["id"] and e["event"] == "finished")[-1]
    assert last
    stream.close()
    second = agent.run_import(name)
    back = Stream(agent, "/jobs/events", last)
    events = [data for _, data in back.until(lambda e: e["job_id"] == second["id"] and e["event"] == "finished")]
    assert events[0]["job_id"] == second["id"] and events[0]["event"] == "created", events[0]
    assert all(e["job_id"] == second["id"] for e in events if e["project"] == name)
    back.close()


@pytest.mark.parametrize("last", ["00000000-1", "nonsense", "-", "99999999999999999999"])
def test_an_unknown_last_event_says_that_events_may_be_missing(agent, last):
    stream = Stream(agent, "/jobs/events", last)
    identity, data = stream.event()
    assert identity is None and data == {"event": "missed", "job_id": None, "project": None, "status": None}
    stream.close()


def test_the_stream_of_one_job_begins_with_its_state_and_tells_of_no_other(agent, folder, name):
    job = agent.run_import(name)
    stream = Stream(agent, f"/jobs/{job['id']}/events")
    assert stream.event() == (None, {"job_id": job["id"], "project": name, "status": "completed", "event": "state"})
    agent.run_import(name)
    agent.sql("SELECT pg_notify('cpi_jobs', %s)", json.dumps({"job_id": job["id"], "status": "completed", "event": "x"}),
              user="postgres")
    assert stream.event()[1]["event"] == "x"
    stream.close()


def test_a_stream_of_what_does_not_exist_is_404(agent):
    assert agent.get(f"/jobs/{uuid.uuid4()}/events").status == 404
    assert agent.get("/jobs/none/events").status == 404


def test_notifications_are_json_on_a_channel_that_anybody_can_listen_on(agent, folder, name):
    connection = psycopg2.connect(host=str(agent.directory / "run"), port=5432, dbname="cpi", user="cpi")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("LISTEN cpi_jobs")
    job = agent.run_import(name)
    heard = []
    while not any(n["event"] == "finished" and n["job_id"] == job["id"] for n in heard):
        assert select.select([connection], [], [], 30)[0], heard
        connection.poll()
        while connection.notifies:
            payload = connection.notifies.pop(0).payload
            assert len(payload.encode()) < 8000
            heard.append(json.loads(payload))
    assert all({"job_id", "project", "status", "event"} <= set(n) for n in heard)
    connection.close()


def test_a_long_project_name_with_a_long_progress_still_fits(agent, name):
    """The 255 characters of a name take up to 1,020 bytes; what does not fit is left out, never the facts."""
    long_name = (name + "€" * 255)[:255]
    assert agent.post("/projects", {"name": long_name, "config": {}}).status == 201
    stream = Stream(agent, "/jobs/events")
    agent.sql("""WITH p AS (SELECT id, name FROM cpi_projects WHERE name = %s),
        j AS (INSERT INTO cpi_jobs (project_id, project_name, run_at) SELECT id, name, now() + interval '1 day' FROM p
              RETURNING *)
        SELECT _cpi_notify_job(j, 'progress', jsonb_build_object('progress', repeat('x', 9000))) FROM j""", long_name,
              user="postgres")
    _, data = stream.until(lambda e: e["project"] == long_name)[-1]
    assert data["event"] == "progress" and "progress" not in data
    stream.close()
    agent.delete("/projects/" + "".join(f"%{b:02X}" for b in long_name.encode()))


def test_progress_is_live_in_events_and_in_the_job(agent, database, folder, name):
    """A load that waits for a lock has told how far it is."""
    agent.run_import(name)
    agent.put("/settings", {"heartbeat_seconds": 0.2})
    blocker = database.cluster.connect(database.name)
    blocker.autocommit = False
    with blocker.cursor() as cursor:
        cursor.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
    try:
        (folder / "t.csv").write_text("id,name\n" + "".join(f"{i},n{i}\n" for i in range(200_000)))
        stream = Stream(agent, "/jobs/events")
        job_id = agent.post("/import", {"project": name}).json["job_id"]
        _, event = stream.until(lambda e: e["job_id"] == job_id and e["event"] == "progress")[-1]
        assert event["progress"], event
        job = agent.get(f"/jobs/{job_id}").json
        assert job["status"] == "running" and job["progress"], job
        stream.close()
    finally:
        blocker.rollback()
        blocker.close()
        agent.put("/settings", {"heartbeat_seconds": 10})
    assert agent.wait(job_id)["status"] == "completed"


def test_many_streams_hear_the_same(agent, folder, name):
    streams = [Stream(agent, "/jobs/events") for _ in range(200)]
    job = agent.run_import(name)
    heard = []

    def listen(stream):
        heard.append(stream.until(lambda e: e["job_id"] == job["id"] and e["event"] == "finished")[-1])

    threads = [threading.Thread(target=listen, args=(stream,)) for stream in streams]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 200 and len({identity for identity, _ in heard}) == 1
    for stream in streams:
        stream.close()


def ended(stream):
    """The text until the server ends the stream (the client's own patience is a minute)."""
    return stream.answer.read().decode()


def test_streams_end_with_the_key_that_opened_them(agent, folder, name):
    key = agent.post("/api-keys", {"name": name, "role": "viewer"}).json["key"]
    job = agent.run_import(name)
    streams = [Stream(agent, path, key=key) for path in ("/jobs/events", f"/jobs/{job['id']}/events")]
    other = Stream(agent, "/jobs/events")
    assert streams[1].event()[1]["event"] == "state"
    assert agent.delete(f"/api-keys/{name}").status == 204
    for stream in streams:
        assert "missed" not in ended(stream)
        stream.close()
    second = agent.run_import(name)
    assert other.until(lambda e: e["job_id"] == second["id"] and e["event"] == "finished")
    other.close()


def test_a_stream_tells_nothing_once_its_key_has_expired(agent, folder, name):
    key = agent.post("/api-keys", {"name": name, "role": "viewer", "expires_at": "2999-01-01T00:00:00Z"}).json["key"]
    stream = Stream(agent, "/jobs/events", key=key)
    agent.sql("UPDATE cpi_api_keys SET expires_at = now() WHERE name = %s", name, user="postgres")
    while agent.get("/jobs", key=key).status == 200:
        pass  # what was heard of a key is believed for less than a second
    job = agent.run_import(name)
    assert job["id"] not in ended(stream)
    stream.close()
    agent.delete(f"/api-keys/{name}")
