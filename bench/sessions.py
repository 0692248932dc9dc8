"""Sessions: how soon a new one has its first answer, with and without a spare child, and what a long list costs."""

import http.client
import json
import statistics
import time

import servers

TARGETS, TOOLS_EACH = 10, 100
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}


class Client:
    """One session on one connection; every answer is looked at."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
        self.last_id = 0

    def post(self, method, params=None, is_request=True):
        message = {"jsonrpc": "2.0", "method": method, "params": params or {}}
        if is_request:
            self.last_id += 1
            message["id"] = self.last_id
        self.connection.request("POST", "/mcp", json.dumps(message), self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != (200 if is_request else 202):
            raise SystemExit(f"bench: {method}: {answer.status} {body[:200]!r}")
        if not is_request:
            return None
        if answer.getheader("mcp-session-id"):
            self.headers["mcp-session-id"] = answer.getheader("mcp-session-id")
        said = json.loads(body if body.startswith(b"{") else body.partition(b"data: ")[2].partition(b"\n")[0])
        if said.get("id") != self.last_id or "result" not in said:
            raise SystemExit(f"bench: {method}: {body[:200]!r}")
        return said["result"]

    def open(self):
        self.post("initialize", HELLO)

    def ready(self):
        self.post("notifications/initialized", is_request=False)

    def close(self):
        self.connection.request("DELETE", "/mcp", headers=self.headers)
        self.connection.getresponse().read()
        self.connection.close()


def milliseconds(begin):
    return (time.monotonic() - begin) * 1000


def summary(times):
    ordered = sorted(times)
    return {"p50_ms": statistics.median(ordered), "p90_ms": ordered[len(ordered) * 9 // 10], "count": len(ordered)}


def first_answers(target, sessions):
    """From the request `initialize` to its answer; the connection is there already. A moment lies between two
    sessions, in which a spare child can be started."""
    times = []
    with servers.start_open(target) as server:
        for number in range(sessions + 1):
            client = Client(server.port)
            client.connection.connect()
            begin = time.monotonic()
            client.open()
            took = milliseconds(begin)
            client.close()
            if number > 0:  # before the first there is no spare child
                times.append(took)
            time.sleep(0.3)
    return summary(times)


def long_list():
    """tools/list of many tools over many targets, each a child; the first list of a session and later ones."""
    target = "\n          - ".join(
        f"name: target-{number}\n            stdio: {{ cmd: {servers.CHILD}, args: ['{TOOLS_EACH}'] }}"
        for number in range(TARGETS))
    first, later = [], []
    with servers.start_gateway("several.yaml", targets=target) as server:
        for _ in range(10):
            client = Client(server.port)
            client.open()
            client.ready()
            for number in range(11):
                begin = time.monotonic()
                found, cursor = [], None
                while True:
                    page = client.post("tools/list", {"cursor": cursor} if cursor else {})
                    found += page["tools"]
                    cursor = page.get("nextCursor")
                    if not cursor:
                        break
                (first if number == 0 else later).append(milliseconds(begin))
                if len({tool["name"] for tool in found}) != TARGETS * TOOLS_EACH:
                    raise SystemExit(f"bench: a list of {len(found)} tools")
            client.close()
    return {"first": summary(first), "later": summary(later)}


def measure(node_server, sessions=20):
    """`node_server`: the command of a server that takes a while to start."""
    spare = ", spareChildren: 1"
    c_child = f"stdio: {{{{ cmd: {servers.CHILD}{{}} }}}}"
    words = ", ".join(f"'{word}'" for word in node_server[1:])
    node = f"stdio: {{{{ cmd: '{node_server[0]}', args: [{words}]{{}} }}}}"
    found = {"answers": {}, "list": long_list()}
    for name, target in (("C++ child", c_child), ("server-everything (Node)", node)):
        for how, more in (("started for it", ""), ("spare", spare)):
            found["answers"][f"{name}, {how}"] = first_answers(target.format(more), sessions)
    return found
