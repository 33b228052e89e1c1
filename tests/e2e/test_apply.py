"""`cpi apply` and `cpi export`: what YAML declares is there afterwards, all of it or nothing, and comes back as YAML."""

import json
import os

import pytest
import harness
from harness import run_cpi

CUSTOMER = """\
connections:
  {n}_db:
    description: 'Customer: "ABC"'
    database_url: ${{ABC_URL}}
sources:
  {n}_erp:
    host: sftp.example.com
    username: no
    password: file:secrets/erp.txt
projects:
  {n}:
    connection: {n}_db
    source: {n}_erp
    config:
      defaults:
        primary_key: id
        delimiter: "\\t"
        null_if: ["", "0123"]
      tables:
        - file_pattern: orders*.csv
          target_table: orders
"""


@pytest.fixture
def customer(name, database, agent, tmp_path):
    """A customer's YAML file and how to run cpi on it."""
    return Customer(name, database, agent, tmp_path)


class Customer:
    def __init__(self, name, database, agent, folder):
        self.name, self.agent, self.file = name, agent, folder / "customer.yaml"
        self.environment = {**agent.environment, "ABC_URL": database.url}
        (folder / "secrets").mkdir()
        (folder / "secrets" / "erp.txt").write_text("canary-password\n")
        self.write(CUSTOMER.format(n=name))

    def write(self, text):
        self.file.write_text(text)

    def change(self, before, after):
        text = self.file.read_text()
        assert before in text
        self.write(text.replace(before, after))

    def apply(self, *arguments, **environment):
        return run_cpi("apply", "-f", self.file, *arguments, environment={**self.environment, **environment})

    def changes(self, *arguments):
        result = self.apply("--json", *arguments)
        assert result.returncode == 0, result
        return json.loads(result.stdout)

    def stamps(self):
        return self.agent.sql("SELECT name, updated_at, xmin::text FROM cpi_connections UNION ALL SELECT name, updated_at, "
                              "xmin::text FROM cpi_sources UNION ALL SELECT name, updated_at, xmin::text FROM "
                              "cpi_projects ORDER BY 1, 2")


def test_a_file_is_applied_and_applying_it_again_changes_nothing(customer, agent, database):
    result = customer.apply()
    assert result.returncode == 0, result
    assert "3 created, 0 changed, 0 unchanged" in result.stdout
    project = agent.get(f"/projects/{customer.name}").json
    assert project["config"]["defaults"] == {"primary_key": "id", "delimiter": "\t", "null_if": ["", "0123"]}
    assert agent.get(f"/connections/{project['connection_id']}").json["database_url"] == database.url
    source = agent.get(f"/sources/{project['source_id']}").json
    assert (source["username"], source["password"]) == ("no", "canary-password")
    before = customer.stamps()
    again = customer.apply()
    assert again.returncode == 0 and "0 created, 0 changed, 3 unchanged" in again.stdout, again
    assert customer.stamps() == before


def test_a_dry_run_shows_each_field_and_no_secret_and_writes_nothing(customer):
    assert customer.apply().returncode == 0
    before = customer.stamps()
    customer.change("file:secrets/erp.txt", "canary-other")
    customer.change("username: no", "username: yes\n    port: 2222")
    customer.change('delimiter: "\\t"', "delimiter: ;")
    result = customer.apply("--dry-run")
    assert result.returncode == 0, result
    for line in ('username: "no" -> "yes"', 'port: "22" -> "2222"', 'password: "***" (changed)',
                 'config.defaults.delimiter: "\\t" -> ";"', "0 created, 2 changed, 1 unchanged (dry run"):
        assert line in result.stdout, result.stdout
    assert customer.stamps() == before
    assert "canary" not in result.stdout + result.stderr
    assert "canary" not in json.dumps(customer.changes("--dry-run"))
    assert customer.changes()["changed"] == 2
    assert customer.changes()["unchanged"] == 3


def test_a_changed_url_is_shown_without_its_password(customer, database):
    assert customer.apply().returncode == 0
    result = customer.apply("--dry-run", ABC_URL="postgresql://owner:canary@elsewhere:5432/db")
    assert "elsewhere" in result.stdout and "canary" not in result.stdout, result
    only_password = customer.apply("--dry-run", ABC_URL=database.url.replace("owner:owner@", "owner:canary@"))
    assert "(changed)" in only_password.stdout and "canary" not in only_password.stdout, only_password


def test_everything_or_nothing(customer, agent):
    # The database refuses the last entry; what came before it is taken back.
    customer.write(CUSTOMER.format(n=customer.name) + "  ' blank ': {}\n")
    result = customer.apply()
    assert result.returncode == 2, result
    assert "customer.yaml:22:3: name:" in result.stderr and "blank" in result.stderr, result.stderr
    assert agent.get(f"/projects/{customer.name}").status == 404
    assert agent.get(f"/connections/{customer.name}_db").status == 404


@pytest.mark.parametrize("before, after, message", [
    ("primary_key: id", "primary_kee: id", ':16:9: config.defaults.primary_kee: unknown key "primary_kee"'),
    ("connection: {n}_db", "connection: {n}_bd", ':12:17: connection "{n}_bd" does not exist'),
    ("${{ABC_URL}}", "${{ABC_URLL}}", ":4:19: environment variable ABC_URLL is not set"),
    ("file:secrets/erp.txt", "file:secrets/absent.txt", ":9:15: the secret's file"),
    ("target_table: orders", "target_table: orders\n          target_table: x", ':22:11: key "target_table" is given twice'),
    ("username: no", "username: [no]", ':8:15: "username" must be one value'),
    ("    username: no\n", "", 'has no username'),
    ("sources:", "schedules: {{}}\nsources:", ":5:1: schedules are not in this version yet"),
    ("projects:", "projects: {{", "this is no valid YAML"),
], ids=lambda text: text.strip()[:24])
def test_what_is_wrong_is_told_with_its_line(customer, agent, before, after, message):
    customer.change(before.format(n=customer.name), after.format(n=customer.name))
    result = customer.apply()
    assert result.returncode == 2, result
    assert message.format(n=customer.name) in result.stderr, result.stderr
    assert "nothing was changed" in result.stderr and agent.get(f"/projects/{customer.name}").status == 404


def test_several_files_and_standard_input(customer, tmp_path, agent):
    extra = tmp_path / "extra.yaml"
    extra.write_text(f"projects:\n  {customer.name}_2: {{connection: {customer.name}_db}}\n---\n"
                     f"projects:\n  {customer.name}_3: {{source: {customer.name}_erp}}\n")
    with open(customer.file) as stdin:
        # From standard input relative paths of secrets begin at the current directory.
        os.chdir(tmp_path)
        result = run_cpi("apply", "-f", extra, "-f", "-", environment=customer.environment, stdin=stdin)
    assert result.returncode == 0 and "5 created" in result.stdout, result
    twice = run_cpi("apply", "-f", extra, "-f", extra, environment=customer.environment)
    assert twice.returncode == 2 and "declared twice" in twice.stderr, twice
    assert run_cpi("apply", "-f", tmp_path, environment=customer.environment).returncode == 2
    assert run_cpi("apply", environment=customer.environment).returncode == 2


def test_an_export_applied_to_an_empty_database_exports_the_same(customer, cluster, tmp_path):
    text = CUSTOMER.format(n=customer.name) + f"""\
  {customer.name} odd:
    config:
      sftp: {{host: h, username: u, password: "${{PLAIN}}"}}
      defaults:
        primary_key: ["a b", "yes", "0123"]
        column_mapping: {{"Größe: x": "on", "12:30": "a'b", "#": 'say "$${{X}}"'}}
"""
    customer.write(text)
    assert customer.apply(PLAIN="canary-inline").returncode == 0
    names = [customer.name, f"{customer.name} odd"]
    exported = run_cpi("export", *names, environment=customer.environment)
    assert exported.returncode == 0 and "canary" not in exported.stdout, exported
    upper = customer.name.upper()
    variables = {f"CPI_{upper}_DB_DATABASE_URL": customer.environment["ABC_URL"],
                 f"CPI_{upper}_ERP_PASSWORD": "canary-password", f"CPI_{upper}_ODD_SFTP_PASSWORD": "canary-inline"}
    for variable in variables:
        assert f"#   {variable}\n" in exported.stdout, exported.stdout
    clear = run_cpi("export", "--with-secrets", *names, environment=customer.environment)
    assert clear.returncode == 0 and "canary-inline" in clear.stdout and "canary-password" in clear.stdout, clear

    for yaml in (exported.stdout, clear.stdout):
        customer.write(yaml)
        again = customer.apply("--dry-run", **variables)
        assert again.returncode == 0 and "0 created, 0 changed, 4 unchanged" in again.stdout, again
    other = harness.Agent()
    try:
        environment = {**other.environment, **variables}
        assert run_cpi("apply", "-f", customer.file, environment=environment).returncode == 0
        assert run_cpi("export", environment=environment).stdout == exported.stdout
        assert run_cpi("export", "--with-secrets", environment=environment).stdout == clear.stdout
    finally:
        other.remove()


def test_roles_apply(customer, agent):
    assert customer.apply().returncode == 0
    agent.sql("DO $$BEGIN CREATE ROLE looker LOGIN; EXCEPTION WHEN duplicate_object THEN END$$; GRANT cpi_viewer TO looker",
              user="postgres")
    url = f"host={agent.directory}/run port=5432 dbname=cpi user=looker"
    viewer = {**customer.environment, "MANAGEMENT_DATABASE_URL": url}
    assert run_cpi("export", customer.name, environment=viewer).returncode == 0
    refused = run_cpi("export", "--with-secrets", customer.name, environment=viewer)
    assert refused.returncode == 1 and "cpi_admin" in refused.stderr, refused
    customer.change("username: no", "username: other")
    denied = run_cpi("apply", "-f", customer.file, environment=viewer)
    assert denied.returncode == 1 and "cpi_admin" in denied.stderr, denied


def test_an_unknown_project_is_no_export(agent):
    result = run_cpi("export", "no-such-project", environment=agent.environment)
    assert result.returncode == 2 and "no-such-project" in result.stderr, result
