"""A customer in one YAML file, as the README writes it: applied, imported from a real SSH server with an RSA key, called back.

The text of the README is run as it stands; only host, port, paths and URLs are exchanged."""

import os
import re
import subprocess

import pytest

import harness
import n8n
from sftp_server import Sshd

SECTION = re.search(r"^### A customer in one YAML file\n(.*?)^## ", (harness.ROOT / "README.md").read_text(),
                    re.MULTILINE | re.DOTALL)[1]
COMMANDS = re.findall(r"^```sh\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
YAML = re.findall(r"^```yaml\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)[0]


@pytest.fixture
def sshd():
    server = Sshd()
    yield server
    server.remove()


@pytest.fixture
def receiver():
    url = n8n.ResumeUrl()
    yield url
    url.close()


def exchanged(text, exchange):
    for written, real in exchange.items():
        assert written in SECTION, written
        text = text.replace(written, real)
    return text


def test_the_customer_of_the_readme_is_applied_imported_and_called_back(agent, database, sshd, receiver, tmp_path):
    sshd.put("export/customers_2026-11-24.csv", "id,name\n1,Ada\n2,Grace\n")
    sshd.put("export/orders_2026-11-24.csv", "order_no;line_no;amount\n7;1;10\n7;2;20\n8;1;30\n")
    key = sshd.key("rsa", "-b", "3072")
    exchange = {"sftp.example.com": sshd.host, "port: 22": f"port: {sshd.port}", "username: erp": f"username: {sshd.user}",
                "/etc/cpi/shop_rsa": str(key), "remote_path: /export": f"remote_path: {sshd.home}/export",
                "https://n8n.example.com/webhook/shop": f"'{receiver.url}'"}
    (tmp_path / "shop.yaml").write_text(exchanged(YAML, exchange))
    environment = {**os.environ, **agent.environment, "SHOP_DATABASE_URL": database.url,
                   "PATH": f"{harness.BUILD}:{os.environ['PATH']}"}

    def run(command):
        result = subprocess.run(["bash", "-c", exchanged(command, exchange)], cwd=tmp_path, env=environment,
                                capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}\n{sshd.log()[-2000:]}"
        return result.stdout

    dry_run, apply, test, import_, export = COMMANDS
    assert "3 created" in run(dry_run) and agent.get("/projects/shop").status == 404
    assert "3 created" in run(apply)
    assert "0 created, 0 changed, 3 unchanged" in run(apply)
    tested = run(test)
    assert "connection shop_db: ok: connected to" in tested and "customers_2026-11-24.csv" in tested, tested
    assert "5 inserted" in run(import_)
    assert database.rows("SELECT id, name FROM customers ORDER BY id") == [("1", "Ada"), ("2", "Grace")]
    assert database.value("SELECT count(*) FROM orders") == 3
    call = receiver.wait()
    assert call["path"] == receiver.path
    assert call["body"]["project"] == "shop" and call["body"]["status"] == "completed", call
    assert (call["body"]["files_processed"], call["body"]["total_inserted"]) == (2, 5)
    # The host key was learnt meanwhile; the file does not name it, and still nothing is to be changed.
    assert agent.get("/sources/shop_erp").json["host_key"]
    assert "0 created, 0 changed, 3 unchanged" in run(apply)
    assert "5 skipped" in run(import_.replace("--callback-url", "--force --callback-url"))
    assert "${CPI_SHOP_DB_DATABASE_URL}" in run(export)
