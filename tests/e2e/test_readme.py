"""Every command of the README is run, in its order, as it stands there; only hosts, ports and paths are exchanged."""

import json
import os
import re
import subprocess

import harness
import pytest

from sftp_server import Sshd

README = (harness.ROOT / "README.md").read_text()


def commands():
    # test_customer_yaml.py runs those of the customer in YAML, with the SSH server that they need.
    text = re.sub(r"^### A customer in one YAML file\n.*?(?=^## )", "", README, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_there_are_commands():
    assert len(commands()) >= 8


@pytest.fixture
def sshd():
    server = Sshd()
    yield server
    server.remove()


def test_every_command_does_what_the_readme_says(agent, database, sshd, tmp_path):
    sshd.put("invoices.csv", "id,amount\n1,9.50\n")
    folder = agent.inbox / "abc"
    folder.mkdir()
    (folder / "customers.csv").write_text("id,name\n1,Ada\n2,Grace\n")
    (tmp_path / "customers.csv").write_text("id,name\n1,Ada\n2,Grace\n")
    (tmp_path / "orders.csv").write_text("order_no;qty\n1;5\n")
    exchange = {"localhost:8000": f"127.0.0.1:{agent.port}", "postgresql://user:pass@host:5432/dbname": database.url,
                "/var/lib/cpi/inbox": str(agent.inbox),
                '"host": "sftp.example.com", "port": 22, "username": "export"':
                    f'"host": "127.0.0.1", "port": {sshd.port}, "username": "{sshd.user}"',
                "/etc/cpi/erp_key": str(sshd.key("rsa")), '"remote_path": "/out"': f'"remote_path": "{sshd.home}"'}
    environment = {**os.environ, **{k: v for k, v in agent.environment.items() if k.startswith("CPI_")},
                   "API_KEY": agent.api_key, "PATH": f"{harness.BUILD}:{os.environ['PATH']}"}
    for command in commands():
        for written, real in exchange.items():
            command = command.replace(written, real)
        command = re.sub(r"^curl ", "curl -sS --fail-with-body ", command)
        result = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True,
                                timeout=120)
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
        if "/test" in command:
            assert json.loads(result.stdout)["success"], result.stdout
        if '-d \'{"project"' in command:
            job = agent.wait(json.loads(result.stdout)["job_id"])
            assert job["status"] == "completed", job
    assert database.value("SELECT count(*) FROM customers") == 2
    assert database.value("SELECT count(*) FROM invoices") == 1 and sshd.names("processed") == ["invoices.csv"]


def test_the_config_shown_is_valid(agent, name):
    [config] = re.findall(r"^```json\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    config = json.loads(config)
    config["name"] = name
    config["local"]["path"] = str(agent.inbox)
    response = agent.post("/projects", {"name": name, "config": config})
    assert response.status == 201, response
