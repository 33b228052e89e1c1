"""What n8n does with a workflow file, as far as the files in tests/data/n8n need it: its nodes' descriptions, taken from the
npm package that n8n itself loads, say which parameters a node has; a small runner does what the nodes would do. Expressions
are JavaScript and are evaluated by node.
"""

import base64
import http.server
import json
import re
import subprocess
import tarfile
import threading
import urllib.parse
import urllib.request

import harness

PACKAGE = "n8n-nodes-base"
VERSION = "2.41.2"
API = "http://cpi:8000"


class Descriptions:
    """Every node with each version's parameters, and the names of the credentials."""

    def __init__(self):
        directory = harness.BUILD / "npm"
        archive = directory / f"{PACKAGE}-{VERSION}.tgz"
        if not archive.exists():
            directory.mkdir(parents=True, exist_ok=True)
            subprocess.run(["npm", "pack", "--loglevel=error", f"{PACKAGE}@{VERSION}"], cwd=directory, check=True,
                           stdout=subprocess.DEVNULL)
        with tarfile.open(archive) as package:
            self.nodes = json.load(package.extractfile("package/dist/types/nodes.json"))
            self.credentials = {c["name"] for c in json.load(package.extractfile("package/dist/types/credentials.json"))}


class Description:
    """One node type in one version."""

    def __init__(self, descriptions, node):
        self.version = node["typeVersion"]
        self.credentials = descriptions.credentials
        short = node["type"].removeprefix(f"{PACKAGE}.")
        found = [d for d in descriptions.nodes if d["name"] == short and self.version in self._versions(d)]
        assert found, f"n8n has no node {node['type']} of version {self.version}"
        self.properties = found[0]["properties"]

    @staticmethod
    def _versions(description):
        version = description["version"]
        return version if isinstance(version, list) else [version]

    def check(self, parameters):
        """Fails on a parameter that this node does not have, does not show, or does not allow to be that."""
        self._check(parameters, self.properties, parameters, "")

    def _check(self, given, properties, root, where):
        for name, value in given.items():
            shown = [p for p in properties if p["name"] == name and self._is_shown(p, given, properties, root)]
            assert shown, f"n8n shows no parameter {where}{name} beside {given}"
            self._check_value(value, shown[0], root, f"{where}{name}")

    def _check_value(self, value, parameter, root, where):
        kind = parameter["type"]
        if isinstance(value, str) and value.startswith("="):
            return
        if kind == "options" and "options" not in parameter:
            assert "loadOptionsMethod" in parameter["typeOptions"], where  # n8n's editor asks the node for them
        elif kind == "options":
            assert value in [o["value"] for o in parameter["options"]], f"{where} cannot be {value!r}"
        elif kind == "credentialsSelect":
            assert value in self.credentials, f"{where} cannot be {value!r}"
        elif kind == "collection":
            self._check(value, parameter["options"], root, f"{where}.")
        elif kind == "fixedCollection":
            for group, entries in value.items():
                [allowed] = [o for o in parameter["options"] if o["name"] == group]
                for entry in entries if isinstance(entries, list) else [entries]:
                    self._check(entry, allowed["values"], root, f"{where}.{group}.")
        elif kind == "filter":
            assert set(value) == {"options", "conditions", "combinator"}, where
            for condition in value["conditions"]:
                assert set(condition) == {"id", "leftValue", "rightValue", "operator"}, where
        else:
            wanted = {"string": str, "json": str, "boolean": bool, "number": (int, float)}[kind]
            assert isinstance(value, wanted), f"{where} cannot be {value!r}"

    def _is_shown(self, parameter, given, properties, root):
        rules = parameter.get("displayOptions", {})

        def holds(name, allowed):
            if name == "@version":
                value = self.version
            elif name.startswith("/"):
                value = self._value_of(name[1:], root, self.properties)
            else:
                value = self._value_of(name, given, properties)
            return any(self._matches(value, wanted) for wanted in allowed)

        return (all(holds(name, allowed) for name, allowed in rules.get("show", {}).items()) and
                not any(holds(name, allowed) for name, allowed in rules.get("hide", {}).items()))

    @staticmethod
    def _value_of(name, given, properties):
        if name in given:
            return given[name]
        return next((p.get("default") for p in properties if p["name"] == name), None)

    @staticmethod
    def _matches(value, wanted):
        if not isinstance(wanted, dict):
            return value == wanted
        [(operation, bound)] = wanted["_cnd"].items()
        return {"gte": lambda: value >= bound, "lt": lambda: value < bound, "exists": lambda: value is not None}[operation]()


class ResumeUrl:
    """n8n's side of the Wait node: refuses while the execution still runs, takes one call when it waits."""

    def __init__(self):
        owner = self
        self.waiting = threading.Event()
        self._called = threading.Event()
        self.call = None

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not owner.waiting.is_set():
                    answer = json.dumps({"code": 409, "message": 'The execution "77" is running already.'}).encode()
                    self.send_response(409)
                else:
                    owner.call = {"headers": dict(self.headers), "path": self.path, "body": json.loads(body)}
                    answer = b'{"message":"Workflow was started"}'
                    self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                if owner.call:
                    owner._called.set()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.path = "/webhook-waiting/77?signature=6f%2Fa%2B0b%3D&b=2&a=1"
        self.url = f"http://127.0.0.1:{self._server.server_port}{self.path}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait(self):
        self.waiting.set()
        assert self._called.wait(60), "cpi did not call the resume URL"
        return self.call

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Execution:
    """Runs the nodes of a workflow one after the other. `visited` tells which."""

    def __init__(self, workflow, agent, project, resume_url=None):
        self.nodes = {node["name"]: node for node in workflow["nodes"]}
        self.connections = workflow["connections"]
        self.agent = agent
        self.project = project
        self.resume = resume_url
        self.visited = []
        self.error = None

    def run(self, item):
        """From the trigger, with the item that it emits, to the end; the last node's item."""
        [name] = set(self.nodes) - {link["node"] for outputs in self.connections.values() for links in outputs["main"]
                                    for link in links}
        while name:
            self.visited.append(name)
            node = self.nodes[name]
            kind = node["type"].split(".")[1]
            parameters = self._evaluated(node["parameters"], item)
            output, item = getattr(self, f"_{kind}", self._pass_on)(parameters, item)
            links = self.connections.get(name, {"main": []})["main"]
            name = links[output][0]["node"] if output < len(links) and links[output] else None
        return item

    def _evaluated(self, value, item):
        if isinstance(value, dict):
            return {k: self._evaluated(v, item) for k, v in value.items()}
        if isinstance(value, list):
            return [self._evaluated(v, item) for v in value]
        if not isinstance(value, str):
            return value
        if value.startswith("="):
            parts = re.split(r"\{\{(.*?)\}\}", value[1:], flags=re.DOTALL)
            values = [p if at % 2 == 0 else self._javascript(p, item) for at, p in enumerate(parts)]
            value = values[1] if len(parts) == 3 and not parts[0] and not parts[2] else "".join(map(str, values))
        return self._exchanged(value)

    def _exchanged(self, value):
        if isinstance(value, list):
            return [self._exchanged(v) for v in value]
        if value == "customer_abc":
            return self.project
        return value.replace(API, f"http://127.0.0.1:{self.agent.port}") if isinstance(value, str) else value

    def _javascript(self, expression, item):
        context = {"$json": item, "$workflow": {"id": "wf1"},
                   "$execution": {"id": f"77 of {self.project}", "resumeUrl": self.resume.url if self.resume else None}}
        program = "".join(f"const {k} = {json.dumps(v)};" for k, v in context.items())
        program += f"process.stdout.write(JSON.stringify({expression}))"
        return json.loads(subprocess.run(["node", "-e", program], check=True, capture_output=True, text=True).stdout)

    @staticmethod
    def _pass_on(_parameters, item):
        return 0, item

    def _httpRequest(self, parameters, _item):
        fields = lambda key: {p["name"]: p["value"] for p in parameters.get(key, {}).get("parameters", [])}
        headers = {"X-API-Key": self.agent.api_key, **fields("headerParameters")}
        body = None
        if parameters.get("sendBody"):
            headers["Content-Type"] = "application/json"
            body = json.dumps(fields("bodyParameters")).encode()
        request = urllib.request.Request(parameters["url"], body, headers, method=parameters.get("method", "GET"))
        with urllib.request.urlopen(request, timeout=60) as answer:
            return 0, json.loads(answer.read())

    def _postgres(self, parameters, _item):
        query = re.sub(r"\$\d+", "%s", parameters["query"])  # the files use each parameter once, in order
        cursor_rows = self.agent.sql(f"SELECT row_to_json(q) FROM ({query}) AS q",
                                     *parameters["options"]["queryReplacement"])
        return 0, cursor_rows[0][0] if cursor_rows else {}

    def _wait(self, parameters, _item):
        assert parameters["resume"] == "webhook" and parameters["httpMethod"] == "POST"
        return 0, self.resume.wait()

    def _switch(self, parameters, item):
        rules = parameters["rules"]["values"]
        for output, rule in enumerate(rules):
            [condition] = rule["conditions"]["conditions"]
            assert condition["operator"]["operation"] == "equals"
            if condition["leftValue"] == condition["rightValue"]:
                return output, item
        return len(rules), item

    def _stopAndError(self, parameters, item):
        self.error = parameters["errorMessage"]
        return 0, item


def server_sent_events(agent, url):
    """Connects as n8n's SSE node does, which has a URL and nothing else, and yields the data of each event, parsed."""
    parts = urllib.parse.urlsplit(url)
    request = urllib.request.Request(f"http://127.0.0.1:{agent.port}{parts.path}")
    userinfo = f"{parts.username}:{agent.api_key if parts.password == 'API_KEY' else parts.password}"
    request.add_header("Authorization", "Basic " + base64.b64encode(userinfo.encode()).decode())
    request.add_header("Accept", "text/event-stream")
    with urllib.request.urlopen(request, timeout=60) as stream:
        yield None
        for line in stream:
            if line.startswith(b"data:"):
                yield json.loads(line[5:])
