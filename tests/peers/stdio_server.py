#!/usr/bin/env python3
"""A stdio MCP server that plays a script, for tests of how the gateway treats its children.

usage: stdio_server.py SCRIPT MARKER
SCRIPT is JSON: a list of steps, or {"steps": [...], "handshake": false, "literal_ids": true, "discover": "modern"}.
MARKER is ignored; tests find this process and what it forked by it.

The server answers initialize and reads notifications/initialized, then plays the steps. If it is sent
server/discover first it does what `discover` says: modern (needs no initialize then), telling (modern, and its
tools may change), legacy, error, silent,
late (answers when it is too late), die, poison (refuses initialize from then on). In what it
writes, the ids 1 and 2 stand for the ids of the first and second request it is sent (unless
literal_ids is set). After the last step it exits; the step {"serve": true} answers every request.
"""
import base64
import gzip
import json
import os
import re
import resource
import signal
import sys
import time


class Requests:
    """The requests on standard input, read when they are first needed."""

    def __init__(self):
        self.unread = 0
        self.ids = []
        self.history = []
        self.initialize = None
        self.late = None
        self.notes = []
        self.put_back = []

    def read_message(self):
        if self.put_back:
            return self.put_back.pop()
        line = sys.stdin.buffer.readline()
        if not line:
            sys.exit(0)
        return json.loads(line)

    def read_request(self):
        while True:
            message = self.read_message()
            if "id" in message and "method" in message:
                self.ids.append(message["id"])
                self.history.append(message["method"])
                return message
            self.notes.append(message.get("method"))

    def id_of(self, number):
        while len(self.ids) < number:
            self.read_request()
            self.unread += 1
        return self.ids[number - 1]

    def take_lines(self, count):
        for _ in range(count):
            if self.unread > 0:
                self.unread -= 1
            else:
                self.read_request()


def write(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def send(message):
    write(json.dumps(message).encode() + b"\n")


def answer_discovery(message, how, requests):
    """What follows server/discover; true if nothing else has to."""
    versions = {"modern": ["2026-07-28"], "telling": ["2026-07-28"], "legacy": ["2025-11-25"], "late": ["2026-07-28"]}
    result = {"jsonrpc": "2.0", "id": message["id"], "result": {
        "resultType": "complete", "supportedVersions": versions.get(how),
        "capabilities": {"tools": {"listChanged": True} if how == "telling" else {}, "resources": {"subscribe": True}, "logging": {}}}}
    if how == "die":
        os._exit(3)
    elif how == "late":
        requests.late = result
    elif how in versions:
        send(result)
    elif how != "silent":
        send({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "Method not found"}})
    return how in ("modern", "telling")


def handshake(requests, discover):
    message = requests.read_message()
    if discover in ("modern", "telling") and message["method"] not in ("server/discover", "initialize"):
        requests.put_back.append(message)
        return
    if message["method"] == "server/discover":
        if answer_discovery(message, discover, requests):
            return
        message = requests.read_message()
        if discover == "poison":
            send({"jsonrpc": "2.0", "id": message["id"], "error": {"code": 0, "message": "duplicate initialize"}})
            message = requests.read_message()
    if requests.late:
        send(requests.late)
    requests.initialize = message["params"]
    send({"jsonrpc": "2.0", "id": message["id"], "result": {
        "protocolVersion": message["params"]["protocolVersion"],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "script", "version": "1"}}})
    requests.read_message()


def with_ids(data, requests):
    def replace(match):
        quote, number = match.group(1), int(match.group(2))
        return b'"id":' + quote + str(requests.id_of(number)).encode() + quote
    return re.sub(rb'"id":("?)([12])\1(?=[,}])', replace, data)


def sleep_in_background(seconds):
    if os.fork() == 0:
        time.sleep(seconds)
        os._exit(0)


def serve(requests):
    while True:
        message = requests.read_request()
        params = message.get("params", {})
        if message["method"] == "ask":
            send({"jsonrpc": "2.0", "id": "q-1", "method": "roots/list"})
            answer = requests.read_message()
            send({"jsonrpc": "2.0", "id": message["id"], "result": {"answer": answer}})
        elif message["method"] == "work":
            token = params.get("_meta", {}).get("progressToken")
            send({"jsonrpc": "2.0", "method": "notifications/progress",
                  "params": {"progressToken": token, "progress": 1}})
            send({"jsonrpc": "2.0", "method": "notifications/message",
                  "params": {"level": "info", "data": "working"}})
            send({"jsonrpc": "2.0", "id": message["id"], "result": {}})
        elif message["method"] == "subscriptions/listen":
            meta = {"io.modelcontextprotocol/subscriptionId": message["id"]}
            wanted = params["notifications"]
            send({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                  "params": {"_meta": meta, "notifications": wanted}})
            for uri in wanted.get("resourceSubscriptions", []):
                send({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"_meta": meta, "uri": uri}})
        elif params.get("name") == "require" and "inputResponses" not in params:
            send({"jsonrpc": "2.0", "id": message["id"], "result": {
                "resultType": "input_required", "inputRequests": {"where": {"method": "roots/list"}}, "requestState": "s"}})
        elif params.get("name") == "require":
            send({"jsonrpc": "2.0", "id": message["id"], "result": {
                "content": [{"type": "text", "text": json.dumps(params["inputResponses"])}]}})
        elif message["method"] == "notes":
            send({"jsonrpc": "2.0", "id": message["id"], "result": {"methods": requests.notes}})
        elif message["method"] == "hang":
            pass
        elif message["method"] == "messages":
            heard = [requests.read_message() for _ in range(params["count"])]
            send({"jsonrpc": "2.0", "id": message["id"], "result": {"heard": heard}})
        elif message["method"] == "opened":
            send({"jsonrpc": "2.0", "id": message["id"], "result": requests.initialize})
        elif message["method"] == "history":
            send({"jsonrpc": "2.0", "id": message["id"], "result": {"methods": requests.history}})
        elif "task" in params:
            send({"jsonrpc": "2.0", "id": message["id"],
                  "result": {"task": {"taskId": "t", "status": "working", "ttl": params["task"].get("ttl")}}})
        elif message["method"] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            send({"jsonrpc": "2.0", "id": message["id"],
                  "result": {"method": message["method"], "params": params}})


def play(step, requests, literal_ids):
    if "serve" in step:
        serve(requests)
    if "out_b64" in step or "out_gzip_b64" in step:
        data = base64.b64decode(step.get("out_b64") or step["out_gzip_b64"])
        data = gzip.decompress(data) if "out_gzip_b64" in step else data
        write(data if literal_ids else with_ids(data, requests))
    if "stderr" in step:
        sys.stderr.write(step["stderr"] * step.get("times", 1))
        sys.stderr.flush()
    if "sleep_ms" in step:
        time.sleep(step["sleep_ms"] / 1000)
    if "read_line" in step:
        requests.take_lines(step["read_line"])
    if "ignore" in step:
        signal.signal(getattr(signal, "SIG" + step["ignore"]), signal.SIG_IGN)
    if "fork_sleep" in step:
        sleep_in_background(step["fork_sleep"])
    if "fork_tree" in step:
        for _ in range(step["fork_tree"]):
            sleep_in_background(600)
    if "alloc_mb" in step:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
        bytearray(step["alloc_mb"] << 20)
    if "list_env" in step:
        send({"jsonrpc": "2.0", "id": requests.id_of(1), "result": {"env": dict(os.environ)}})
    if "list_fds" in step:
        fds = [int(fd) for fd in os.listdir("/proc/self/fd")]
        open_fds = [fd for fd in fds if os.path.exists(f"/proc/self/fd/{fd}")]
        send({"jsonrpc": "2.0", "id": requests.id_of(1), "result": {"fds": open_fds}})
    if "print_argv" in step:
        send({"jsonrpc": "2.0", "id": requests.id_of(1), "result": {"argv": sys.argv}})
    if "out_repeat_mb" in step:
        for _ in range(step["out_repeat_mb"]):
            write(b"x" * (1 << 20))
    if "lines" in step:
        piece = (step["text"] + "\n").encode() * 1000
        for _ in range(step["lines"] // 1000):
            write(piece)
    if "close" in step:
        os.close({"stdin": 0, "stdout": 1, "stderr": 2}[step["close"]])
    if "signal_self" in step:
        os.kill(os.getpid(), getattr(signal, "SIG" + step["signal_self"]))
    if "exit" in step:
        os._exit(step["exit"])


def main():
    script = json.loads(sys.argv[1])
    if isinstance(script, list):
        script = {"steps": script}
    requests = Requests()
    if script.get("handshake", True):
        handshake(requests, script.get("discover", "error"))
    for step in script["steps"]:
        play(step, requests, script.get("literal_ids", False))


main()
