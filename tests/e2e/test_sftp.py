"""SFTP sources against a real OpenSSH server: logins, host keys, listings, faults of network and server, what becomes of
files afterwards."""

import os

import pytest

from sftp_server import CANNOT, PASSWORD, Sshd, fingerprint

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


def new_project(agent, database, name, settings, inline=False, **config):
    """A project that reads from the server: through a source of its name, or by its config's sftp object."""
    fields = {"name": name, "connection_id": agent.connection(name, database)}
    config = {"stable_seconds": 0, "defaults": {"primary_key": "id"}, **config}
    if inline:
        config["sftp"] = settings
    else:
        response = agent.post("/sources", {"name": name, **settings})
        assert response.status == 201, response
        fields["source_id"] = response.json["id"]
    response = agent.post("/projects", {**fields, "config": config})
    assert response.status == 201, response


def errors(job):
    return "\n".join(error["message"] for error in job["errors"])


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
        from sftp_server import keygen
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
