"""Agents die while webhooks are under way: each is delivered all the same, twice at most under the same id."""

import base64
import os
import random
import signal
import time

import harness
import oracle
import pytest
from receiver import Receiver

SECRET = "whsec_" + base64.b64encode(b"fault test of webhooks 24").decode()
SEED = int(os.environ.get("CPI_FAULT_SEED", time.time_ns() % 1_000_000))


@pytest.fixture
def short_leases():
    running = harness.Agent()
    response = running.put("/settings", {"lease_seconds": 3, "heartbeat_seconds": 1, "poll_seconds": 0.5,
                                         "webhook_timeout_seconds": 2, "webhook_retry_seconds": 0.2,
                                         "webhook_longest_retry_seconds": 1, "webhook_secret": SECRET})
    assert response.status == 200, response
    running.stop()
    running.start()
    yield running
    running.remove()


def test_killed_between_the_answer_and_its_record(short_leases, database, name):
    receiver = Receiver()

    def answer_the_dying(handler):
        # Stopped first: the answer is on its way, and the agent never gets to read it.
        short_leases.freeze()
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        short_leases.process.send_signal(signal.SIGKILL)

    try:
        folder = short_leases.project(name, database)
        (folder / "t.csv").write_text("id\n1\n")
        url = receiver.script("/hook", answer_the_dying, 200)
        job = short_leases.post("/import", {"project": name, "callback_url": url}).json["job_id"]
        receiver.got("/hook")
        short_leases.process.wait(30)
        short_leases.start()
        requests = receiver.got("/hook", 2)
        while (delivery := short_leases.get(f"/jobs/{job}/deliveries").json)["deliveries"][0]["status"] != "delivered":
            pass
        assert delivery["total"] == 1
        assert {request.headers["webhook-id"] for request in requests} == {delivery["deliveries"][0]["id"]}
        assert len({request.body for request in requests}) == 1
        assert short_leases.get(f"/jobs/{job}").json["status"] == "completed"
    finally:
        receiver.close()


def test_killed_at_moments_drawn_by_chance(short_leases, database, name):
    chance = random.Random(SEED)
    print(f"CPI_FAULT_SEED={SEED}")
    receiver = Receiver()

    def slow(handler):
        time.sleep(chance.uniform(0, 0.5))
        answer = chance.choice([200, 200, 500, 503])
        handler.send_response(answer)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    try:
        short_leases.project(name, database)
        url = receiver.script("/chance", slow)
        for _ in range(3):
            for _ in range(8):
                short_leases.sql("SELECT cpi_cancel_job(cpi_import(project => %s, callback_url => %s) ->> 'job_id')", name, url)
            time.sleep(chance.uniform(0.1, 1.5))
            short_leases.stop(signal.SIGKILL)
            short_leases.start()
        deadline = time.monotonic() + 60
        while short_leases.sql("SELECT count(*) FROM cpi_webhook_deliveries WHERE status = 'pending'") != [(0,)]:
            assert time.monotonic() < deadline, short_leases.log.read_text()[-3000:]
            time.sleep(0.1)
        oracle.check_webhooks(short_leases, receiver, "/chance", SECRET)
    finally:
        receiver.close()
