"""SFTP sources against a real OpenSSH server: logins, host keys, listings, faults of network and server, what becomes of
files afterwards."""

import os
import time

import pytest

from sftp_server import CANNOT, PASSWORD, Sshd, errors, fingerprint, keygen, new_project, until

needs_password_login = pytest.mark.skipif(bool(CANNOT), reason=CANNOT)


@pytest.fixture(scope="module")
def sshd():
    server = Sshd()
    yield server
    server.remove()


@pytest.fixture
def folder(sshd, name):
    """A directory of this test alone below the server's home."""
    path = sshd.home / name
    path.mkdir()
    sshd.give(path)
    return path


@pytest.mark.parametrize("kind, options, passphrase, form", [
    ("ed25519", (), "", ""), ("rsa", ("-b", "3072"), "", ""), ("ecdsa", ("-b", "256"), "", ""),
    ("ecdsa", ("-b", "521"), "", "PEM"), ("rsa", ("-b", "2048"), "", "PEM"), ("rsa", ("-b", "2048"), "", "PKCS8"),
    ("ed25519", (), "Satz mit Leerzeichen", ""), ("rsa", ("-b", "2048"), "Passwort", ""),
    ("rsa", ("-b", "2048"), "Passwort", "PEM"), ("ecdsa", ("-b", "384"), "Passwort", "PKCS8")])
def test_every_kind_of_key_logs_in(agent, database, sshd, folder, name, kind, options, passphrase, form):
    sshd.put(f"{name}/items.csv", "id,name\n1,a\n2,b\n")
    key = sshd.key(kind, *options, passphrase=passphrase, form=form)
    new_project(agent, database, name, sshd.settings(remote_path=str(folder), key_path=str(key), password=passphrase))
    job = agent.run_import(name)
    assert job["status"] == "completed" and job["total_inserted"] == 2, (job, sshd.log()[-3000:])
    assert database.rows("SELECT id, name FROM items ORDER BY id") == [("1", "a"), ("2", "b")]


@needs_password_login
def test_a_password_logs_in_and_is_told_nowhere(agent, database, sshd, folder, name):
    sshd.put(f"{name}/items.csv", "id\n1\n")
    new_project(agent, database, name, sshd.settings(remote_path=str(folder), password=PASSWORD), inline=True)
    assert agent.run_import(name)["total_inserted"] == 1
    job = agent.run_import(name, sftp_override={"password": PASSWORD + "x"})
    assert job["status"] == "failed" and job["errors"][0]["error_type"] == "SFTPError", job
    assert f'did not let user "{sshd.user}" in' in errors(job) and "tried: password" in errors(job), job
    assert PASSWORD not in agent.log.read_text() and PASSWORD not in str(job)


def test_the_first_host_key_is_kept_and_another_one_is_refused(agent, database, folder, sshd, name):
    server = Sshd(host_keys=("ed25519",))
    try:
        server.put("items.csv", "id\n1\n")
        key = server.key("ed25519")
        new_project(agent, database, name, server.settings(key_path=str(key)))
        first = fingerprint(server.host_keys["ed25519"])
        assert agent.run_import(name)["status"] == "completed"
        assert agent.get(f"/sources/{name}").json["host_key"] == first
        server.stop()
        server.host_keys["ed25519"].unlink()
        keygen(server.host_keys["ed25519"], "ed25519")
        second = fingerprint(server.host_keys["ed25519"])
        server.start()
        job = agent.run_import(name)
        assert job["status"] == "failed" and job["attempt"] == 1, job
        assert first in errors(job) and second in errors(job), job
        assert server.log().count("Accepted publickey") == 1
        agent.put(f"/sources/{name}", {"host_key": second})
        assert agent.run_import(name)["status"] == "completed"
    finally:
        server.remove()


def test_a_known_key_of_another_kind_is_asked_for(agent, database, sshd, folder, name):
    sshd.put(f"{name}/items.csv", "id\n1\n")
    key = sshd.key("ed25519")
    settings = sshd.settings(remote_path=str(folder), key_path=str(key),
                             host_key=fingerprint(sshd.host_keys["rsa"]))
    new_project(agent, database, name, settings)
    assert agent.run_import(name)["status"] == "completed"


def test_strict_refuses_an_unknown_host_key_and_names_it(agent, database, sshd, folder, name):
    sshd.put(f"{name}/items.csv", "id\n1\n")
    settings = sshd.settings(remote_path=str(folder), key_path=str(sshd.key("ed25519")), host_key="strict")
    new_project(agent, database, name, settings)
    job = agent.run_import(name)
    shown = fingerprint(sshd.host_keys["ed25519"])
    assert job["status"] == "failed" and job["errors"][0]["error_type"] == "SFTPError", job
    assert "host_key is strict" in errors(job) and shown in errors(job), job
    public = (sshd.directory / "host_ed25519.pub").read_text().strip()
    agent.put(f"/sources/{name}", {"host_key": public})
    assert agent.run_import(name)["status"] == "completed"


def test_the_key_of_an_inline_server_is_kept_in_the_project(agent, database, sshd, folder, name):
    sshd.put(f"{name}/items.csv", "id\n1\n")
    settings = sshd.settings(remote_path=str(folder), key_path=str(sshd.key("ed25519")))
    new_project(agent, database, name, settings, inline=True)
    assert agent.run_import(name)["status"] == "completed"
    shown = fingerprint(sshd.host_keys["ed25519"])
    assert agent.sql("SELECT host_keys FROM cpi_projects WHERE name = %s", name) == [({f"127.0.0.1:{sshd.port}": shown},)]
    agent.sql("UPDATE cpi_projects SET host_keys = jsonb_build_object(%s, %s) WHERE name = %s",
              f"127.0.0.1:{sshd.port}", "SHA256:" + "x" * 43, name, user="postgres")
    job = agent.run_import(name)
    assert job["status"] == "failed" and "SHA256:" + "x" * 43 in errors(job) and shown in errors(job), job


def test_rsa_sha2_alone_is_enough(agent, database, name):
    server = Sshd(host_keys=("rsa",), options="HostKeyAlgorithms rsa-sha2-256\nPubkeyAcceptedAlgorithms rsa-sha2-256\n")
    try:
        server.put("items.csv", "id\n1\n")
        new_project(agent, database, name, server.settings(key_path=str(server.key("rsa"))))
        assert agent.run_import(name)["status"] == "completed"
    finally:
        server.remove()


@needs_password_login
def test_key_and_password_together_where_the_server_asks_for_both(agent, database, name):
    server = Sshd(options="AuthenticationMethods publickey,password\n")
    try:
        server.put("items.csv", "id\n1\n")
        settings = server.settings(key_path=str(server.key("ed25519")), password=PASSWORD)
        new_project(agent, database, name, settings)
        assert agent.run_import(name)["status"] == "completed", server.log()[-2000:]
    finally:
        server.remove()


@needs_password_login
def test_a_key_that_the_server_does_not_know_gives_way_to_the_password(agent, database, sshd, folder, name):
    sshd.put(f"{name}/items.csv", "id\n1\n")
    known = sshd.authorized.read_text()
    key = sshd.key("ed25519")
    sshd.authorized.write_text(known)
    settings = sshd.settings(remote_path=str(folder), key_path=str(key), password=PASSWORD)
    new_project(agent, database, name, settings)
    assert agent.run_import(name)["status"] == "completed"
    agent.put(f"/sources/{name}", {"password": ""})
    job = agent.run_import(name)
    assert job["status"] == "failed" and "tried: private key" in errors(job), job


def broken_settings(sshd, folder, tmp_path, what):
    """Settings with one thing wrong, and words that the error must have."""
    key = sshd.key("ed25519")
    good = sshd.settings(remote_path=str(folder), key_path=str(key))
    if what == "closed port":
        return {**good, "port": 1}, "onnection refused"
    if what == "unknown host":
        return {**good, "host": "no-such-host.invalid"}, "no-such-host.invalid"
    if what == "address that is never allowed":
        return {**good, "host": "169.254.169.254"}, "169.254.169.254"
    if what == "directory":
        return {**good, "remote_path": str(folder / "nowhere")}, "nowhere\" on SFTP server"
    if what == "key file":
        return {**good, "key_path": str(tmp_path / "nowhere")}, "No such file or directory"
    if what == "public key":
        os.chmod(f"{key}.pub", 0o600)
        return {**good, "key_path": f"{key}.pub"}, "is a public key"
    if what == "readable key":
        os.chmod(key, 0o644)
        return good, "can be read or changed by others"
    if what == "passphrase":
        return {**good, "key_path": str(sshd.key("rsa", passphrase="richtig")), "password": "falsch"}, "is wrong"
    if what == "no passphrase":
        return {**good, "key_path": str(sshd.key("rsa", passphrase="richtig"))}, "is encrypted"
    raise ValueError(what)


@pytest.mark.parametrize("what, permanent", [
    ("closed port", False), ("unknown host", False), ("address that is never allowed", True), ("directory", True),
    ("key file", True), ("public key", True), ("readable key", True), ("passphrase", True), ("no passphrase", True)])
def test_each_failure_says_what_is_wrong(agent, database, sshd, folder, name, tmp_path, what, permanent):
    settings, words = broken_settings(sshd, folder, tmp_path, what)
    new_project(agent, database, name, settings)
    answer = agent.post(f"/sources/{name}/test")
    assert answer.status == 200 and answer.json["success"] is False and words in answer.json["message"], answer
    job_id = agent.post("/import", {"project": name}).json["job_id"]
    if permanent:
        job = agent.wait(job_id)
        assert job["status"] == "failed" and job["attempt"] == 1, job
        assert job["errors"][0]["error_type"] == "SFTPError" and words in errors(job), job
    else:
        until(lambda: words in (agent.get(f"/jobs/{job_id}").json["last_error"] or ""), "it says why it waits")
        assert agent.get(f"/jobs/{job_id}").json["status"] == "pending"
        agent.post(f"/jobs/{job_id}/cancel")


def test_a_server_that_is_no_ssh_server_is_named_as_such(agent, database, cluster, name):
    settings = {"host": "127.0.0.1", "port": cluster.port, "username": "x", "password": "y"}
    new_project(agent, database, name, settings)
    answer = agent.post(f"/sources/{name}/test").json
    assert answer["success"] is False and "no SSH server" in answer["message"], answer


@needs_password_login
def test_refused_permissions_are_told(agent, database, sshd, folder, name):
    new_project(agent, database, name, sshd.settings(remote_path=str(folder), password=PASSWORD))
    secret = sshd.put(f"{name}/items.csv", "id\n1\n")
    os.chown(secret, 0, 0)
    os.chmod(secret, 0o600)
    job = agent.run_import(name)
    assert job["status"] == "failed" and "permission denied" in job["file_results"][0]["error"], job
    os.chown(folder, 0, 0)
    os.chmod(folder, 0o700)
    job = agent.run_import(name)
    assert job["status"] == "failed" and "permission denied" in errors(job), job


def test_the_test_of_a_source_lists_what_would_be_imported(agent, database, sshd, folder, name):
    for i in range(12):
        sshd.put(f"{name}/f{i:02}.csv", "id\n1\n")
    new_project(agent, database, name, sshd.settings(remote_path=str(folder), key_path=str(sshd.key("ed25519"))))
    answer = agent.post(f"/sources/{name}/test").json
    shown = fingerprint(sshd.host_keys["ed25519"])
    assert answer["success"] is True and answer["file_count"] == 12 and answer["host_key"] == shown, answer
    assert answer["files"] == [f"f{i:02}.csv" for i in range(10)], answer
    assert "kept" in answer["findings"][0]["message"]
    assert agent.get(f"/sources/{name}").json["host_key"] == shown
    assert "expected one" in agent.post(f"/sources/{name}/test").json["findings"][0]["message"]
    assert agent.post("/sources/nowhere/test").status == 404


def test_the_request_goes_before_the_source_and_the_source_before_the_config(agent, database, sshd, folder, name):
    for place in ("request", "source", "inline"):
        sshd.put(f"{name}/{place}/items.csv", f"id,place\n1,{place}\n")
    settings = sshd.settings(key_path=str(sshd.key("ed25519")))
    new_project(agent, database, name, {**settings, "remote_path": f"{folder}/source"},
                sftp={**settings, "remote_path": f"{folder}/inline"})
    for fields, place in (({}, "source"), ({"sftp_override": {"remote_path": f"{folder}/request/"}}, "request")):
        assert agent.run_import(name, **fields)["status"] == "completed"
        assert database.value("SELECT place FROM items") == place
    agent.put(f"/projects/{name}", {"source_id": ""})
    assert agent.run_import(name)["status"] == "completed"
    assert database.value("SELECT place FROM items") == "inline"


def test_stored_credentials_stay_with_their_server_whatever_changes_later(agent, database, sshd, folder, name):
    """An override that named the stored server when it was accepted, and another one when the job begins."""
    decoy = Sshd()
    try:
        settings = sshd.settings(remote_path=str(folder), key_path=str(sshd.key("ed25519")))
        new_project(agent, database, name, settings)
        agent.sql("INSERT INTO cpi_jobs (project_id, project_name, sftp_override) SELECT id, name, %s::jsonb"
                  " FROM cpi_projects WHERE name = %s", f'{{"port": {decoy.port}}}', name, user="postgres")
        [(job_id,)] = agent.sql("SELECT id FROM cpi_jobs WHERE project_name = %s", name)
        job = agent.wait(job_id)
        assert job["status"] == "failed" and "sftp_override.port is not that of the project's source" in errors(job), job
        assert decoy.log().count("Connection from") == 1  # the test's own, when it was started
    finally:
        decoy.remove()


def test_names_are_taken_as_they_are(agent, database, sshd, folder, name):
    names = ["mit leer.csv", "ümläut.csv", "zeile\numbruch.csv", "quote'\".csv", "日本.csv", "-r.csv", "a;b|c.csv"]
    for i, file in enumerate(names):
        sshd.put(f"{name}/{file}", f"id,name\n{i},{i}\n")
    sshd.put(os.fsencode(f"{name}/") + b"l\xe4tin.csv", "id\n99\n")
    new_project(agent, database, name, sshd.settings(remote_path=str(folder), key_path=str(sshd.key("ed25519"))),
                tables=[{"file_pattern": "*", "target_table": "items", "primary_key": "id"}])
    job = agent.run_import(name)
    assert job["status"] == "partial" and job["files_processed"] == len(names) and job["files_failed"] == 1, job
    assert sorted(f["filename"] for f in job["file_results"] if f["success"]) == sorted(names)
    assert "is not UTF-8" in errors(job), job
    assert database.value("SELECT count(*) FROM items") == len(names)


def test_only_regular_files_that_are_not_hidden_are_listed(agent, database, sshd, folder, name):
    sshd.put(f"{name}/items.csv", "id\n1\n")
    sshd.put(f"{name}/.hidden.csv", "id\n2\n")
    sshd.put(f"{name}/directory.csv/inner.csv", "id\n3\n")
    sshd.put(f"{name}/sub/deep.csv", "id\n5\n")
    os.symlink(folder / "items.csv", folder / "link.csv")
    os.mkfifo(folder / "fifo.csv")
    new_project(agent, database, name, sshd.settings(remote_path=str(folder), key_path=str(sshd.key("ed25519"))))
    assert [f["filename"] for f in agent.run_import(name)["file_results"]] == ["items.csv"]
    config = agent.get(f"/projects/{name}").json["config"]
    agent.put(f"/projects/{name}", {"config": {**config, "tables": [{"file_pattern": "sub/*.csv"}]}})
    assert sorted(f["filename"] for f in agent.run_import(name)["file_results"]) == [
        "directory.csv/inner.csv", "items.csv", "sub/deep.csv"]


def test_files_are_chosen_as_on_this_machine(agent, database, sshd, folder, name):
    new_project(agent, database, name, sshd.settings(remote_path=str(folder), key_path=str(sshd.key("ed25519"))),
                done_file="*.ok", latest_only=True, exclude_pattern="*old*",
                tables=[{"file_pattern": "items_*.csv", "target_table": "items", "primary_key": "id"}])
    for i, age in ((1, 300), (2, 200), (3, 100)):
        sshd.put(f"{name}/items_{i}.csv", f"id\n{i}\n", age=age)
    sshd.put(f"{name}/items_old_4.csv", "id\n4\n", age=1)
    for done in ("items_1.ok", "items_2.csv.ok", "items_old_4.ok"):
        sshd.put(f"{name}/{done}", "")
    job = agent.run_import(name)
    assert [f["filename"] for f in job["file_results"]] == ["items_2.csv"], job


def test_a_file_that_is_still_written_is_left_for_later(agent, database, sshd, folder, name):
    path = sshd.put(f"{name}/items.csv", "id\n1\n")
    new_project(agent, database, name, sshd.settings(remote_path=str(folder), key_path=str(sshd.key("ed25519"))),
                stable_seconds=2)
    job_id = agent.post("/import", {"project": name}).json["job_id"]
    until(lambda: "session opened" in sshd.log() or agent.get(f"/jobs/{job_id}").json["status"] == "running", "it lists")
    for i in range(40):
        if agent.get(f"/jobs/{job_id}").json["status"] not in ("pending", "running"):
            break
        with open(path, "a") as file:
            file.write(f"{i + 2}\n")
        time.sleep(0.1)
    job = agent.wait(job_id)
    assert job["status"] == "completed" and job["files_processed"] == 0 and "still being written" in job["note"], job


@pytest.fixture
def inbox(agent, database, sshd, folder, name):
    """Makes a project with the given fields of its config; one file items.csv is there."""
    def make(**config):
        sshd.put(f"{name}/items.csv", "id\n1\n")
        new_project(agent, database, name, sshd.settings(remote_path=str(folder), key_path=str(sshd.key("ed25519"))),
                    **config)
        return folder
    return make


@pytest.mark.parametrize("what, left", [("keep", ["items.csv"]), ("move", ["processed"]), ("delete", []),
                                        ("rename", ["items.csv.imported"])])
def test_files_are_put_aside_on_the_server_after_their_import(agent, sshd, inbox, name, what, left):
    inbox(after_import=what)
    assert agent.run_import(name)["status"] == "completed"
    assert sshd.names(name) == left
    if what == "move":
        assert sshd.names(f"{name}/processed") == ["items.csv"]


@pytest.mark.parametrize("what", ["move", "rename"])
def test_files_put_aside_never_take_anothers_place(agent, sshd, inbox, name, what):
    folder = inbox(after_import=what)
    for i in range(3):
        sshd.put(f"{name}/items.csv", f"id\n{i}\n")
        job = agent.run_import(name)
        assert job["status"] == "completed" and not job["file_results"][0].get("warnings"), job
    place = folder / "processed" if what == "move" else folder
    assert sorted(path.read_text() for path in place.iterdir()) == ["id\n0\n", "id\n1\n", "id\n2\n"]


def test_a_file_that_failed_is_moved_on_request(agent, sshd, inbox, name):
    inbox(on_failure="move")
    sshd.put(f"{name}/items.csv", 'id,x\n1,"\n')
    assert agent.run_import(name)["status"] == "failed"
    assert sshd.names(name) == ["failed"] and sshd.names(f"{name}/failed") == ["items.csv"]


def test_newer_content_is_never_put_aside(agent, database, sshd, inbox, name):
    folder = inbox(after_import="delete")
    database.execute("CREATE TABLE items (id text PRIMARY KEY)")
    lock = database.cluster.connect(database.name)
    lock.autocommit = False
    lock.cursor().execute("LOCK TABLE items")
    job_id = agent.post("/import", {"project": name}).json["job_id"]
    until(lambda: database.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'items'::regclass") > 0,
          "the load waits for the table")
    sshd.put(f"{name}/items.csv", "id\n1\n2\n", age=0)
    lock.rollback()
    until(lambda: agent.get(f"/jobs/{job_id}").json["status"] != "running", "the attempt ends")
    assert (folder / "items.csv").read_text() == "id\n1\n2\n"
    agent.post(f"/jobs/{job_id}/cancel")


@needs_password_login
def test_a_directory_without_the_right_to_write_keeps_its_files_and_says_so(agent, sshd, inbox, name):
    folder = inbox(after_import="move")
    os.chown(folder, 0, 0)
    job = agent.run_import(name)
    assert job["status"] == "completed" and "permission denied" in str(job["file_results"][0]), job
    assert sshd.names(name) == ["items.csv"]


def test_a_retry_takes_the_failed_file_alone(agent, sshd, inbox, name):
    inbox()
    sshd.put(f"{name}/other.csv", 'id,x\n1,"\n')
    job = agent.run_import(name)
    assert job["status"] == "partial", job
    sshd.put(f"{name}/other.csv", "id,x\n1,y\n")
    retried = agent.wait(agent.post(f"/jobs/{job['id']}/retry").json["job_id"])
    assert retried["status"] == "completed" and [f["filename"] for f in retried["file_results"]] == ["other.csv"]


def test_skip_loaded_fetches_and_loads_nothing_again(agent, inbox, name):
    inbox(skip_loaded=True)
    assert agent.run_import(name)["total_inserted"] == 1
    job = agent.run_import(name)
    assert job["status"] == "completed" and job["total_skipped"] == 1 and "skip_loaded" in str(job), job


def test_ten_thousand_files_are_listed(agent, sshd, folder, name, database):
    for i in range(10_000):
        (folder / f"f{i:05}.txt").write_bytes(b"")
    sshd.put(f"{name}/items.csv", "id\n1\n")
    new_project(agent, database, name, sshd.settings(remote_path=str(folder), key_path=str(sshd.key("ed25519"))))
    job = agent.run_import(name)
    assert job["status"] == "completed" and job["files_processed"] == 1, job
    assert agent.post(f"/sources/{name}/test").json["file_count"] == 10_001
