#!/usr/bin/env python3
"""An MCP server over standard input and output that does what it is told: a peer for tests.

    mcp_fixture.py [--banner TEXT] [--page N] [--version V] [--log FILE] [--pid FILE]
                   [--exit CODE | --mute | --mute-after-start | --garbage] [--grandchild]
                   [--ignore-term] [--stderr TEXT]

It answers one message at a time except for `slow`, whose answer comes later. Every line it receives
is written to --log, so a test can say what reached the target and what did not.
"""

import argparse
import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time

TOOLS = {
    "echo": "Says back `message`.",
    "add": "Adds `a` and `b`.",
    "printEnv": "The names and values of its environment.",
    "slow": "Answers after `ms` milliseconds; reports progress if asked to.",
    "crash": "Ends the process with a signal before it answers.",
    "leave": "Ends the process with status 3 before it answers.",
    "big": "Answers with `size` characters.",
    "fail": "Answers with a JSON-RPC error.",
    "ask": "Asks the client to sample and says what it answered.",
    "elicit": "Asks the client's user and says what they answered.",
    "roots": "Asks the client for its roots.",
    "raw": "The arguments as they arrived, as JSON text.",
    "process": "Process id, parent, group, open descriptors, working directory.",
    "notify": "Sends `count` log messages before it answers.",
    "change": "Announces that the tools have changed.",
    "never": "Never answers.",
    "noise": "Writes a line that is no JSON before it answers.",
}
PROMPTS = {"greet": "Greets `name`.", "secret_prompt": "Not for everyone.", "farewell": "Says good-bye."}
RESOURCES = {f"test://item/{number}": f"Item {number}" for number in range(1, 8)}

out_lock = threading.Lock()
answers = {}
answered = threading.Condition()
cancelled = set()
next_id = 1000


def background(work):
    """What takes its time does not keep the next message waiting."""
    threading.Thread(target=work, daemon=True).start()


def send(message):
    with out_lock:
        sys.stdout.write(json.dumps(message, separators=(",", ":"), ensure_ascii=False) + "\n")
        sys.stdout.flush()


def reply(identity, result):
    send({"jsonrpc": "2.0", "id": identity, "result": result})


def refuse(identity, code, text):
    send({"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": text}})


def notify(method, params):
    send({"jsonrpc": "2.0", "method": method, "params": params})


def text(value):
    return {"content": [{"type": "text", "text": value}]}


def ask_client(method, params):
    global next_id
    with answered:
        next_id += 1
        identity = f"fixture-{next_id}"
    send({"jsonrpc": "2.0", "id": identity, "method": method, "params": params})
    with answered:
        if not answered.wait_for(lambda: identity in answers, timeout=20):
            return {"error": "no answer"}
        return answers.pop(identity)


def paged(options, kind, items, cursor):
    begin = int(base64.b64decode(cursor)) if cursor else 0
    if not options.page:
        return {kind: items}
    page = {kind: items[begin:begin + options.page]}
    if begin + options.page < len(items):
        page["nextCursor"] = base64.b64encode(str(begin + options.page).encode()).decode()
    return page


def describe_process():
    descriptors = sorted(int(name) for name in os.listdir("/proc/self/fd"))
    return {"pid": os.getpid(), "ppid": os.getppid(), "pgid": os.getpgid(0), "cwd": os.getcwd(),
            "fds": [fd for fd in descriptors if os.path.exists(f"/proc/self/fd/{fd}")]}


def slow(identity, arguments, token):
    total = int(arguments.get("ms", 1000))
    steps = 4
    for step in range(steps):
        time.sleep(total / steps / 1000)
        if identity in cancelled:
            return
        if token is not None:
            notify("notifications/progress", {"progressToken": token, "progress": step + 1, "total": steps})
    reply(identity, text(f"slept {total}"))


def call(options, identity, params):
    name, arguments = params.get("name"), params.get("arguments") or {}
    token = (params.get("_meta") or {}).get("progressToken")
    if name == "echo":
        reply(identity, text(f"Echo: {arguments.get('message')}"))
    elif name == "add":
        reply(identity, text(f"The sum of {arguments['a']} and {arguments['b']} is {arguments['a'] + arguments['b']}."))
    elif name == "printEnv":
        reply(identity, text(json.dumps(dict(os.environ))))
    elif name == "slow":
        background(lambda: slow(identity, arguments, token))
    elif name == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    elif name == "leave":
        os._exit(3)
    elif name == "big":
        reply(identity, text("x" * int(arguments.get("size", 100000))))
    elif name == "fail":
        refuse(identity, -32050, "as told")
    elif name == "ask":
        background(lambda: reply(identity, text(json.dumps(ask_client("sampling/createMessage", {
            "messages": [{"role": "user", "content": {"type": "text", "text": "hello?"}}], "maxTokens": 10})))))
    elif name == "elicit":
        background(lambda: reply(identity, text(json.dumps(ask_client("elicitation/create", {
            "message": "Name?", "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}}})))))
    elif name == "roots":
        background(lambda: reply(identity, text(json.dumps(ask_client("roots/list", {})))))
    elif name == "raw":
        reply(identity, text(json.dumps(arguments)))
    elif name == "process":
        reply(identity, text(json.dumps(describe_process())))
    elif name == "notify":
        for number in range(int(arguments.get("count", 3))):
            notify("notifications/message", {"level": "info", "logger": "fixture", "data": f"line {number}"})
        reply(identity, text("notified"))
    elif name == "change":
        notify("notifications/tools/list_changed", {})
        reply(identity, text("changed"))
    elif name == "never":
        pass
    elif name == "noise":
        with out_lock:
            sys.stdout.write("this is no JSON\n")
            sys.stdout.flush()
        reply(identity, text("after the noise"))
    else:
        refuse(identity, -32602, f"Unknown tool: {name}")


def tool(name):
    return {"name": name, "description": TOOLS[name], "inputSchema": {"type": "object"}}


def read_resource(identity, params):
    uri = params.get("uri")
    if uri in RESOURCES:
        reply(identity, {"contents": [{"uri": uri, "mimeType": "text/plain", "text": RESOURCES[uri]}]})
    else:
        refuse(identity, -32002, f"Resource not found: {uri}")


def get_prompt(identity, params):
    name = params.get("name")
    if name in PROMPTS:
        reply(identity, {"messages": [{"role": "user", "content": {"type": "text", "text": f"{name} {json.dumps(params.get('arguments'))}"}}]})
    else:
        refuse(identity, -32602, f"Unknown prompt: {name}")


def initialize(options, identity, params):
    reply(identity, {"protocolVersion": options.version or params.get("protocolVersion"),
                     "capabilities": {"tools": {"listChanged": True}, "prompts": {}, "logging": {}, "completions": {},
                                      "resources": {"subscribe": True}},
                     "serverInfo": {"name": "fixture", "version": "1"}, "instructions": "For tests."})


def handle_request(options, method, identity, params):
    cursor = params.get("cursor")
    if method == "initialize":
        initialize(options, identity, params)
    elif method == "ping":
        reply(identity, {})
    elif method == "tools/list":
        reply(identity, paged(options, "tools", [tool(name) for name in TOOLS], cursor))
    elif method == "tools/call":
        call(options, identity, params)
    elif method == "prompts/list":
        reply(identity, paged(options, "prompts", [{"name": n, "description": d} for n, d in PROMPTS.items()], cursor))
    elif method == "prompts/get":
        get_prompt(identity, params)
    elif method == "resources/list":
        reply(identity, paged(options, "resources", [{"uri": u, "name": n} for u, n in RESOURCES.items()], cursor))
    elif method == "resources/templates/list":
        reply(identity, {"resourceTemplates": [{"uriTemplate": "test://item/{number}", "name": "item"}]})
    elif method == "resources/read":
        read_resource(identity, params)
    elif method in ("resources/subscribe", "resources/unsubscribe", "logging/setLevel"):
        reply(identity, {})
        if method == "resources/subscribe":
            notify("notifications/resources/updated", {"uri": params.get("uri")})
    elif method == "completion/complete":
        reply(identity, {"completion": {"values": ["one", "two"], "total": 2, "hasMore": False}})
    else:
        refuse(identity, -32601, f"Method not found: {method}")


def handle(options, message):
    if "method" not in message:
        with answered:
            answers[message.get("id")] = message.get("result", message.get("error"))
            answered.notify_all()
    elif "id" in message:
        handle_request(options, message["method"], message["id"], message.get("params") or {})
    elif message["method"] == "notifications/cancelled":
        cancelled.add((message.get("params") or {}).get("requestId"))


def arguments():
    parser = argparse.ArgumentParser()
    for name in ("--banner", "--version", "--log", "--pid", "--stderr"):
        parser.add_argument(name)
    parser.add_argument("--page", type=int, default=0)
    parser.add_argument("--exit", type=int)
    for name in ("--mute", "--mute-after-start", "--garbage", "--grandchild", "--ignore-term"):
        parser.add_argument(name, action="store_true")
    return parser.parse_args()


def begin(options):
    if options.pid:
        with open(options.pid, "a") as file:
            file.write(f"{os.getpid()}\n")
    if options.stderr:
        print(options.stderr, file=sys.stderr, flush=True)
    if options.ignore_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if options.grandchild:
        child = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        if options.pid:
            with open(options.pid, "a") as file:
                file.write(f"{child.pid}\n")
    if options.banner:
        print(options.banner, flush=True)
    if options.exit is not None:
        sys.exit(options.exit)


def main():
    options = arguments()
    begin(options)
    for line in sys.stdin:
        if options.log:
            with open(options.log, "a") as file:
                file.write(line)
        if options.mute:
            continue
        if options.garbage:
            print("{not json", flush=True)
            continue
        message = json.loads(line)
        if options.mute_after_start and message.get("method") not in ("initialize", "notifications/initialized"):
            continue
        handle(options, message)
    if options.ignore_term:
        while True:
            time.sleep(1)


if __name__ == "__main__":
    main()
