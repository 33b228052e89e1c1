"""Webhooks from outside: a real agent, and a receiver that answers as it likes."""

import base64
import datetime
import email.utils
import hashlib
import hmac
import json
import ssl
import subprocess
import time

import harness
import pytest
from receiver import Receiver

FIELDS = {"job_id", "project", "status", "dry_run", "files_processed", "files_failed", "total_inserted", "total_updated",
          "total_skipped", "total_rejected", "errors", "duration_seconds"}
N8N_NOT_WAITING = (409, {"Content-Type": "application/json"},
                   json.dumps({"code": 409, "message": 'The execution "17" is running already.'}).encode())
SECRETS = ["whsec_" + base64.b64encode(bytes(range(24))).decode(), "whsec_" + base64.b64encode(b"old " * 16).decode()]


@pytest.fixture(scope="module")
def sender():
    """An agent in a hurry."""
    running = harness.Agent()
    hurry(running)
    yield running
    running.remove()


def hurry(agent, **more):
    response = agent.put("/settings", {"poll_seconds": 0.5, "webhook_timeout_seconds": 3, "webhook_retry_seconds": 0.2,
                                       "webhook_longest_retry_seconds": 1, **more})
    assert response.status == 200, response


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def call_back(sender, database, name):
    """Ends a job, an import that finds no file, with a webhook to that URL; the job's id."""
    sender.project(name, database)

    def ended(url, agent=sender):
        return agent.run_import(name, callback_url=url)["id"]

    return ended


def delivery(agent, job):
    [only] = agent.get(f"/jobs/{job}/deliveries").json["deliveries"]
    return only


def settled(agent, job, *statuses, tries=1, patience=60):
    """The delivery of that job once it has one of the statuses after so many tries."""
    deadline = time.monotonic() + patience
    while True:
        found = delivery(agent, job)
        if found["status"] in statuses and found["attempts"] >= tries:
            return found
        assert time.monotonic() < deadline, f"{found}\n{agent.log.read_text()[-2000:]}"
        time.sleep(0.05)


def test_the_end_of_a_job_is_told_with_all_its_fields(sender, database, name, receiver):
    folder = sender.project(name, database)
    (folder / "t.csv").write_text("id,name\n1,Ada\n2,Grace\n")
    job = sender.run_import(name, callback_url=receiver.script("/hook", 204))
    [request] = receiver.got("/hook")
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("cpi/")
    body = json.loads(request.body)
    assert set(body) == FIELDS
    assert (body["job_id"], body["project"], body["status"]) == (job["id"], name, "completed")
    assert (body["files_processed"], body["total_inserted"], body["errors"]) == (1, 2, [])
    told = settled(sender, job["id"], "delivered")
    assert (told["attempts"], told["last_status"], told["last_error"]) == (1, 204, None)
    assert request.headers["webhook-id"] == told["id"]
    assert "webhook-signature" not in request.headers


def test_failed_and_cancelled_jobs_are_told_too(sender, database, name, receiver):
    sender.project(name, database)
    job = sender.run_import(name, callback_url=receiver.script("/failed", 200), local_files=["missing.csv"])
    assert job["status"] == "failed"
    body = json.loads(receiver.got("/failed")[0].body)
    assert body["status"] == "failed" and "missing.csv" in body["errors"][0]
    sender.sql("SELECT cpi_cancel_job(cpi_import(project => %s, callback_url => %s) ->> 'job_id')", name,
               receiver.script("/cancelled", 200))
    assert json.loads(receiver.got("/cancelled")[0].body)["status"] == "cancelled"


@pytest.mark.parametrize("target", [
    "/webhook-waiting/17?signature=aB%2Fc%2fd+e%20f&&x=../y;z=%7E~", "/a/../b/./c%2e%2e/%41", "/q?", "/ä?ö=ü",
    "/braces{1-3}[a]|^`"])
def test_the_url_is_used_byte_for_byte(sender, call_back, receiver, target):
    job = call_back(receiver.url + target + "#not-sent")
    settled(sender, job, "delivered")
    assert receiver.requests[-1].path.encode("latin-1") == target.encode()


def test_a_url_without_a_path_asks_for_the_root(call_back, receiver):
    call_back(receiver.url + "?a=b")
    assert receiver.got("/")[0].path == "/?a=b"


def verify(request, secret):
    """By the specification, apart from cpi's own code: HMAC-SHA256 of id.timestamp.body under the decoded secret."""
    content = b".".join([request.headers["webhook-id"].encode(), request.headers["webhook-timestamp"].encode(),
                         request.body])
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode() in request.headers["webhook-signature"].split(" ")


def test_webhooks_are_signed_with_both_secrets_while_they_change(sender, call_back, receiver):
    shown = sender.put("/settings", {"webhook_secret": SECRETS[1]}).json
    assert shown["webhook_secret"] == "***" and shown["webhook_previous_secret"] is None
    # What is sent is signed with the secrets of that moment, not with those of the job's end.
    settled(sender, call_back(receiver.script("/one", 200)), "delivered")
    sender.put("/settings", {"webhook_secret": SECRETS[0], "webhook_previous_secret": SECRETS[1]})
    settled(sender, call_back(receiver.script("/two", 200)), "delivered")
    sender.put("/settings", {"webhook_secret": "", "webhook_previous_secret": ""})
    settled(sender, call_back(receiver.script("/none", 200)), "delivered")
    [one], [two], [none] = receiver.got("/one"), receiver.got("/two"), receiver.got("/none")
    assert verify(one, SECRETS[1]) and not verify(one, SECRETS[0])
    assert verify(two, SECRETS[0]) and verify(two, SECRETS[1])
    assert abs(int(two.headers["webhook-timestamp"]) - time.time()) < 60
    assert "webhook-signature" not in none.headers
    assert not [secret for secret in SECRETS if secret in sender.log.read_text()]


def test_after_an_error_it_is_sent_again_under_the_same_id(sender, call_back, receiver):
    job = call_back(receiver.script("/hook", 500, (503, {}, b"database is away\n"), 200))
    told = settled(sender, job, "delivered")
    requests = receiver.got("/hook", 3)
    assert told["attempts"] == 3
    assert {request.headers["webhook-id"] for request in requests} == {told["id"]}
    assert len({request.body for request in requests}) == 1
    assert "the receiver answered 503: database is away" in sender.log.read_text()


def test_a_redirect_is_not_followed(sender, call_back, receiver):
    for status in (301, 302, 303, 307, 308):
        elsewhere = receiver.script("/elsewhere", 200)
        job = call_back(receiver.script(f"/moved{status}", (status, {"Location": elsewhere}, b""), 200))
        settled(sender, job, "delivered", tries=2)
    assert not [request for request in receiver.requests if request.path == "/elsewhere"]
    assert "redirects are not followed" in sender.log.read_text()


def test_410_ends_it_and_a_person_can_ask_again(sender, call_back, receiver):
    job = call_back(receiver.script("/gone", (410, {}, b""), 200))
    told = settled(sender, job, "failed")
    assert (told["attempts"], told["last_status"]) == (1, 410)
    errors = sender.get(f"/jobs/{job}").json["errors"]
    assert [error["error_type"] for error in errors] == ["WebhookError"], errors
    assert "410" in errors[0]["message"] and told["id"] in errors[0]["message"]
    again = sender.post(f"/deliveries/{told['id']}/retry")
    assert again.status == 202, again
    told = settled(sender, job, "delivered")
    assert {request.headers["webhook-id"] for request in receiver.got("/gone", 2)} == {told["id"]}


def seconds_until(text):
    return (datetime.datetime.fromisoformat(text) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def test_retry_after_is_honoured_in_both_forms(sender, call_back, receiver):
    date = email.utils.formatdate(time.time() + 3600, usegmt=True)
    for path, value in (("/seconds", "3600"), ("/date", date)):
        job = call_back(receiver.script(path, (429, {"Retry-After": value}, b"")))
        told = settled(sender, job, "pending")
        while told["last_status"] is None:
            told = delivery(sender, job)
        assert told["last_status"] == 429
        assert 3000 < seconds_until(told["next_attempt_at"]) <= 3601


def test_n8ns_not_waiting_yet_is_tried_again_in_a_moment(sender, call_back, receiver):
    sender.put("/settings", {"webhook_retry_seconds": 3600, "webhook_longest_retry_seconds": 3600})
    try:
        job = call_back(receiver.script("/wait", N8N_NOT_WAITING, N8N_NOT_WAITING, 200))
        assert settled(sender, job, "delivered")["attempts"] == 3
        other = call_back(receiver.script("/conflict", (409, {}, b'{"message": "finished already"}')))
        receiver.got("/conflict")
        while (told := delivery(sender, other))["last_status"] is None:
            time.sleep(0.05)
        assert seconds_until(told["next_attempt_at"]) > 600
    finally:
        hurry(sender)


@pytest.mark.parametrize("fault, reason", [("silence", "timed out"), ("drip", "timed out"), ("hang_up", "empty reply"),
                                           ("flood_of_headers", "")])
def test_a_receiver_that_misbehaves_is_tried_again(sender, call_back, receiver, fault, reason):
    job = call_back(receiver.script(f"/{fault}", getattr(receiver, fault), 200))
    told = settled(sender, job, "delivered")
    assert told["attempts"] == 2
    lines = [line for line in sender.log.read_text().splitlines() if f"/{fault}" in line and "sent again" in line]
    assert lines and reason in lines[-1].lower()


def test_a_body_without_end_is_not_read(sender, call_back, receiver):
    assert settled(sender, call_back(receiver.script("/flood", receiver.flood)), "delivered")["attempts"] == 1


def test_it_is_given_up_in_the_end(sender, call_back, receiver):
    sender.put("/settings", {"webhook_give_up_seconds": 1})
    try:
        job = call_back(receiver.script("/hook", (500, {}, b"no\x1b[31m")))
        told = settled(sender, job, "failed")
        assert told["attempts"] >= 2 and told["ended_at"]
        [error] = sender.get(f"/jobs/{job}").json["errors"]
        assert error["error_type"] == "WebhookError" and "the receiver answered 500: no" in error["message"]
        assert sender.get(f"/jobs/{job}").json["status"] == "completed"
    finally:
        hurry(sender, webhook_give_up_seconds=259200)


def test_a_name_that_does_not_resolve_and_a_port_that_nobody_listens_on_are_tried_again(sender, call_back):
    for url, reason in ((f"http://127.0.0.1:{harness.free_port()}/", "connect"), ("http://host.invalid/", "resolve")):
        told = settled(sender, call_back(url), "pending", tries=2)
        assert told["last_status"] is None
        while told["last_error"] is None:
            told = delivery(sender, told["job_id"])
        assert reason in told["last_error"]


def test_a_certificate_that_nobody_vouches_for_is_refused(sender, call_back, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key", "-out",
                    tmp_path / "crt", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True,
                   capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    receiver = Receiver(tls=context)
    try:
        job = call_back(receiver.url + "/hook")
        told = settled(sender, job, "pending", tries=2)
        assert "certificate" in told["last_error"]
        assert receiver.requests == []
    finally:
        receiver.close()


def test_a_password_in_the_url_is_sent_and_never_shown(sender, call_back, receiver):
    url = receiver.script("/hook", (500, {}, b""), 200).replace("http://", "http://n8n:can%61ry-word@")
    job = call_back(url + "?signature=secret-signature")
    told = settled(sender, job, "delivered")
    request = receiver.got("/hook", 2)[0]
    assert base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")) == b"n8n:canary-word"
    assert "n8n:***@" in told["url"]
    log = sender.log.read_text()
    for secret in ("can%61ry-word", "canary-word", "secret-signature"):
        assert secret not in log


def test_a_dead_receiver_with_a_thousand_waiting_delays_nobody(sender, database, name, receiver):
    dead = Receiver("127.0.0.2")
    try:
        dead.script("/dead", dead.silence)
        sender.project(name, database)
        job = sender.run_import(name)["id"]
        sender.sql("INSERT INTO cpi_webhook_deliveries (job_id, url, payload)"
                   " SELECT %s, %s, '{}' FROM generate_series(1, 1000)", job, dead.url + "/dead", user="postgres")
        dead.got("/dead")
        told = sender.run_import(name, callback_url=receiver.script("/alive", 200))["id"]
        assert settled(sender, told, "delivered")["attempts"] == 1
        waiting = sender.sql("SELECT count(*) FROM cpi_webhook_deliveries WHERE job_id = %s AND attempts = 0", job)[0][0]
        assert waiting > 900, "the dead receiver's were not tried first"
        assert len(dead.requests) <= 1000 - waiting
    finally:
        sender.sql("DELETE FROM cpi_webhook_deliveries WHERE receiver = %s", dead.host, user="postgres")
        dead.close()


def test_two_agents_share_the_work_and_send_nothing_twice(sender, database, name, receiver):
    second = harness.Agent(MANAGEMENT_DATABASE_URL=f"host={sender.directory}/run port=5432 dbname=cpi user=cpi",
                           CPI_LOCAL_ROOTS=str(sender.inbox))
    try:
        sender.project(name, database)
        job = sender.run_import(name)["id"]
        sender.sql("INSERT INTO cpi_webhook_deliveries (job_id, url, payload)"
                   " SELECT %s, %s, '{}' FROM generate_series(1, 300)", job, receiver.script("/shared", 200),
                   user="postgres")
        sender.sql("NOTIFY cpi_deliveries")
        requests = receiver.got("/shared", 300)
        deadline = time.monotonic() + 60
        while sender.sql("SELECT count(*) FROM cpi_webhook_deliveries WHERE status = 'pending' AND job_id = %s",
                         job) != [(0,)]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert len({request.headers["webhook-id"] for request in requests}) == 300
        assert len(receiver.got("/shared", 300)) == 300
        assert sender.sql("SELECT count(DISTINCT agent_id), max(attempts) FROM cpi_webhook_deliveries"
                          " WHERE job_id = %s", job) == [(2, 1)]
    finally:
        second.remove()


def test_a_lost_session_does_not_end_deliveries(sender, call_back, receiver):
    sender.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cpi deliverer'",
               user="postgres")
    assert settled(sender, call_back(receiver.script("/hook", 200)), "delivered")


def test_a_stop_gives_back_what_is_under_way(sender, call_back, receiver):
    hurry(sender, webhook_timeout_seconds=600)
    job = call_back(receiver.script("/hook", receiver.silence, 200))
    receiver.got("/hook")
    begun = time.monotonic()
    assert sender.stop() == 0
    assert time.monotonic() - begun < 30, "a transfer that hangs does not hold up the stop"
    sender.start()
    told = settled(sender, job, "delivered")
    assert told["attempts"] == 1, "the try that was cut is not counted"
    hurry(sender)


@pytest.fixture(scope="module")
def careful():
    """An agent that may reach 127.0.0.1 (the target) but no other private address, and is told of a proxy."""
    running = harness.Agent(CPI_EGRESS="public", CPI_EGRESS_ALLOW="127.0.0.1", http_proxy="http://127.0.0.1:1/",
                            https_proxy="http://127.0.0.1:1/", ALL_PROXY="http://127.0.0.1:1/")
    hurry(running)
    yield running
    running.remove()


def test_addresses_that_the_rules_refuse_are_not_connected_to(careful, database, name):
    careful.project(name, database)
    forbidden = Receiver("127.0.0.2")
    try:
        port = forbidden.url.rsplit(":", 1)[1]
        for host in ("127.0.0.2", "127.2", "2130706434", "0x7f.0.0.2", "[::ffff:127.0.0.2]"):
            job = careful.run_import(name, callback_url=f"http://{host}:{port}/")["id"]
            told = settled(careful, job, "pending", tries=2)
            assert "is refused: loopback" in told["last_error"] and "CPI_EGRESS_ALLOW" in told["last_error"], told
        job = careful.run_import(name, callback_url="http://169.254.169.254/latest/meta-data")["id"]
        assert "never connected to" in settled(careful, job, "pending", tries=2)["last_error"]
        assert forbidden.requests == []
    finally:
        forbidden.close()


def test_the_proxy_of_the_environment_is_ignored(careful, database, name, receiver):
    careful.project(name, database)
    job = careful.run_import(name, callback_url=receiver.script("/hook", 200))["id"]
    assert settled(careful, job, "delivered")["attempts"] == 1


def test_targets_obey_the_rules_too(careful, cluster, database, name):
    careful.project(name, database)
    url = database.url.replace("127.0.0.1", "127.0.0.3")
    response = careful.post("/connections", {"name": f"{name}_other", "database_url": url})
    test = careful.post(f"/connections/{response.json['id']}/test").json
    assert test["success"] is False and "is refused: loopback" in test["message"], test
    (careful.inbox / name / "t.csv").write_text("id\n1\n")
    careful.put(f"/projects/{name}", {"connection_id": f"{name}_other"})
    job = careful.run_import(name)
    assert job["status"] == "failed", job
    assert "is refused: loopback" in json.dumps(job)
