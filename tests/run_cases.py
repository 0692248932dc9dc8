#!/usr/bin/env python3
"""Runs whole-gateway cases: text files against the real binary. The format is in cases/README.md.

    tests/run_cases.py [-v] [NAME...]      all cases, or the files whose path contains a NAME

The binary is $AGENTGATEWAY_BIN, by default build/release/agentgateway.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from peers.echo_upstream import EchoServer  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("AGENTGATEWAY_BIN", str(ROOT / "build/release/agentgateway"))
FIXTURE = ROOT / "tests/peers/mcp_fixture.py"
REMOTE = ROOT / "tests/peers/mcp_http_fixture.py"
PATIENCE = 1 if "release" in BINARY else 4
SIGNS_OF_BUGS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "terminate called")


def surroundings(environment):
    """Many gateways run at the same time: each has its admin interface on a free port."""
    return {"ADMIN_ADDR": "localhost:0", **os.environ, **environment}


class Failed(Exception):
    """What a case expected and what came."""


# ---------------------------------------------------------------------------------------------
# the files

class Section:
    def __init__(self, kind, options, line):
        self.kind, self.options, self.line = kind, options, line
        self.lines = []

    @property
    def text(self):
        lines = list(self.lines)
        while lines and not lines[-1].strip():
            lines.pop()
        return "\n".join(lines)


class Case:
    def __init__(self, title, line):
        self.title, self.line, self.sections = title, line, []

    def find(self, kind):
        return next((section for section in self.sections if section.kind == kind), None)


KINDS = {"config", "file", "request", "response", "mcp", "answer", "validate", "log", "setup"}


def parse(path):
    """The cases of a file; the first, without a title, holds what is common."""
    cases = [Case("", 1)]
    section = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        title = re.match(r"=== (.+)$", line)
        head = re.match(r"--- (\w+)\s*(.*)$", line)
        if title:
            cases.append(Case(title.group(1), number))
            section = None
        elif head:
            if head.group(1) not in KINDS:
                raise SystemExit(f"{path}:{number}: no section '{head.group(1)}'; there are {', '.join(sorted(KINDS))}")
            section = Section(head.group(1), head.group(2), number)
            cases[-1].sections.append(section)
        elif section is not None:
            section.lines.append(line)
        elif line.strip() and not line.startswith("#"):
            raise SystemExit(f"{path}:{number}: text outside a section")
    return cases


# ---------------------------------------------------------------------------------------------
# ports and processes

port_lock = threading.Lock()
next_port = 31600 - (os.getpid() % 40) * 25


def free_port():
    global next_port
    with port_lock:
        for _ in range(2000):
            next_port = next_port + 1 if next_port < 32500 else 30500
            with socket.socket() as probe:
                try:
                    probe.bind(("0.0.0.0", next_port))
                    return next_port
                except OSError:
                    continue
    raise Failed("no free port")


class Gateway:
    def __init__(self, config, folder, port, environment=None):
        self.port, self.folder = port, folder
        (folder / "config.yaml").write_text(config)
        self.log = open(folder / "output.log", "w+b")
        self.process = subprocess.Popen([BINARY, "-f", "config.yaml"], cwd=folder, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, env=surroundings(environment or {}))
        self.wait_until_ready()

    def output(self):
        return (self.folder / "output.log").read_text(errors="replace")

    def wait_until_ready(self):
        end = time.monotonic() + 15 * PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Failed(f"the gateway ended with {self.process.returncode}:\n{self.output()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.kill()
        raise Failed(f"the gateway was not ready in time:\n{self.output()}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"the gateway did not end after SIGTERM:\n{self.output()}") from None
        output = self.output()
        self.log.close()
        if status != 0:
            raise Failed(f"the gateway ended with {status}:\n{output[-6000:]}")
        for sign in SIGNS_OF_BUGS:
            if sign in output:
                raise Failed(f"{sign}:\n{output[-6000:]}")


# ---------------------------------------------------------------------------------------------
# one exchange

class Answer:
    def __init__(self, data):
        self.data = data
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin1").split("\r\n")
        if not lines[0].startswith("HTTP/1.1 "):
            raise Failed(f"no HTTP answer: {data[:200]!r}")
        self.status = lines[0].split(" ")[1]
        self.headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        chunked = any(name == "transfer-encoding" and "chunked" in value for name, value in self.headers)
        self.body = (unchunk(body) if chunked else body).decode("utf-8", "replace")

    def values(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def messages(self):
        if any("event-stream" in value for value in self.values("content-type")):
            events = re.split(r"\r?\n\r?\n", self.body)
            data = ["".join(line[5:].strip() for line in event.splitlines() if line.startswith("data:")) for event in events]
            return [json.loads(text) for text in data if text]
        return [json.loads(self.body)] if self.body.strip() else []


def unchunk(rest):
    body = b""
    while rest:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        body += rest[:size]
        rest = rest[size + 2:]
    return body


def exchange(port, data, seconds=10):
    """Sends bytes, reads to the end of the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.settimeout(seconds * PATIENCE)
        connection.sendall(data)
        try:
            while piece := connection.recv(65536):
                received += piece
        except TimeoutError:
            raise Failed(f"no end of the answer within {seconds * PATIENCE} s; so far {received[:300]!r}") from None
        except ConnectionResetError:
            pass
    return received


def request_bytes(section, fill):
    if "raw" in section.options.split():
        return fill("".join(line for line in section.lines)).encode("latin1").decode("unicode_escape").encode("latin1")
    text = fill(section.text)
    head, _, body = text.partition("\n\n")
    lines = head.split("\n")
    names = {line.partition(":")[0].strip().lower() for line in lines[1:]}
    data = body.encode()
    if not re.search(r" HTTP/1\.\d$", lines[0]):
        lines[0] += " HTTP/1.1"
    if "host" not in names:
        lines.append("Host: gateway.test")
    if "connection" not in names:
        lines.append("Connection: close")
    method = lines[0].split(" ")[0]
    if "content-length" not in names and "transfer-encoding" not in names and (data or method in ("POST", "PUT", "PATCH")):
        lines.append(f"Content-Length: {len(data)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def matches(pattern, text):
    """`~ regex` or the text itself."""
    if pattern.startswith("~"):
        return re.search(pattern[1:].strip(), text) is not None
    return pattern == text


def check_response(section, data, fill):
    lines = fill(section.text).split("\n")
    if lines[0].strip() == "closed":
        if data:
            raise Failed(f"expected a closed connection, got {data[:300]!r}")
        return
    answer = Answer(data)
    if not matches(lines[0].strip(), answer.status):
        raise Failed(f"status {answer.status}, expected {lines[0].strip()}\n{data[:1500].decode('latin1')}")
    split = next((at for at, line in enumerate(lines) if not line.strip()), len(lines))
    for line in lines[1:split]:
        check_header(line, answer)
    check_body(lines[split + 1:], answer)


def check_header(line, answer):
    if line.startswith("- "):
        if answer.values(line[2:].strip()):
            raise Failed(f"header {line[2:].strip()} should be absent, is {answer.values(line[2:].strip())}")
        return
    name, _, expected = line.partition(":")
    values = answer.values(name.strip())
    if not any(matches(expected.strip(), value) for value in values):
        raise Failed(f"header {name}: {values or 'absent'}, expected {expected.strip()}\n{answer.data[:1500].decode('latin1')}")


def check_body(lines, answer):
    if not lines:
        return
    text = "\n".join(lines)
    if lines[0].strip() == "(empty)":
        good = answer.body == ""
    elif lines[0].startswith("json "):
        good = is_within(json.loads(text[5:]), json.loads(answer.body))
    elif lines[0].startswith("~") or lines[0].startswith("!~"):
        good = all((re.search(line.lstrip("!~").strip(), answer.body) is None) == line.startswith("!") for line in lines if line.strip())
    else:
        good = answer.body.rstrip("\n") == text
    if not good:
        raise Failed(f"body:\n{answer.body[:3000]}\nexpected:\n{text}")


def is_within(expected, actual):
    """Whether everything that is expected is there: objects may have more, lists may not."""
    if isinstance(expected, dict):
        return isinstance(actual, dict) and all(key in actual and is_within(value, actual[key]) if value != "(absent)"
                                                else key not in actual for key, value in expected.items())
    if isinstance(expected, list):
        return isinstance(actual, list) and len(expected) == len(actual) and all(map(is_within, expected, actual))
    if isinstance(expected, str) and expected.startswith("~"):
        return isinstance(actual, str) and re.search(expected[1:].strip(), actual) is not None
    return expected == actual and type(expected) is type(actual)


# ---------------------------------------------------------------------------------------------
# running

def offer_npm_servers(folder):
    """Lets the examples' `npx` find the pinned servers that the end-to-end tests have installed."""
    installed = ROOT / "tests/e2e/node_modules"
    if not installed.is_dir():
        return
    (folder / "package.json").write_text('{"name": "case", "private": true}')
    scope, programs = folder / "node_modules/@modelcontextprotocol", folder / "node_modules/.bin"
    scope.mkdir(parents=True)
    programs.mkdir()
    for name, source in (("server-everything", "everything-2025"), ("server-memory", "@modelcontextprotocol/server-memory")):
        (scope / name).symlink_to(installed / source)
        (programs / f"mcp-{name}").symlink_to(f"../@modelcontextprotocol/{name}/dist/index.js")


class Run:
    """What the cases of one file share: peers, the running gateway, its MCP sessions."""

    def __init__(self, path):
        self.path = path
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="agentgateway-case-"))
        self.gateway, self.config, self.sessions = None, None, {}
        self.peers = {name: EchoServer(name) for name in ("one", "two")}
        self.environment = {}
        self.seen = 0  # of the gateway's output, by earlier cases
        self.remotes = {}
        (self.folder / "manifests").mkdir()
        shutil.copytree(ROOT / "manifests/jwt", self.folder / "manifests/jwt")
        offer_npm_servers(self.folder)

    def fill(self, text):
        def value(match):
            words = match.group(1).split()
            if words[0] == "PORT":
                return str(self.gateway_port)
            if words[0] == "UPSTREAM":
                return f"127.0.0.1:{self.peers[words[1] if len(words) > 1 else 'one'].server_address[1]}"
            if words[0] == "REMOTE":
                return f"127.0.0.1:{self.remote(tuple(words[1:]))}"
            if words[0] == "FIXTURE":
                return str(FIXTURE)
            if words[0] == "token":
                return (ROOT / f"manifests/jwt/{words[1]}.key").read_text().strip()
            if words[0] == "repeat":
                return words[1] * int(words[2])
            raise Failed(f"no placeholder {{{{{match.group(1)}}}}}")
        return re.sub(r"\{\{(.+?)\}\}", value, text)

    def remote(self, options):
        """The port of an MCP server over HTTP with those options, started when first asked for."""
        if options not in self.remotes:
            process = subprocess.Popen([sys.executable, str(REMOTE), *options], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, text=True)
            self.remotes[options] = process, int(process.stdout.readline().split()[-1])
        return self.remotes[options][1]

    def setup(self, common, case):
        for section in [*common.sections, *case.sections]:
            if section.kind == "file":
                file = self.folder / section.options.strip()
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(section.text + "\n")
            if section.kind == "setup":
                for line in section.lines:
                    name, _, value = line.partition("=")
                    self.environment[name.strip()] = self.fill(value.strip())

    def serve(self, config, base):
        if self.gateway and self.config == config:
            return
        self.stop_gateway()
        self.gateway_port = free_port()
        text = self.fill(config)
        if base:  # an example's own file, served on a free port
            text = re.sub(r"(?m)^(\s*-?\s*port:\s*)3000\b", rf"\g<1>{self.gateway_port}", text)
        self.gateway = Gateway(text, self.folder, self.gateway_port, self.environment)
        self.config, self.sessions, self.seen = config, {}, 0

    def stop_gateway(self):
        gateway, self.gateway = self.gateway, None
        if gateway:
            gateway.stop()

    def close(self):
        try:
            self.stop_gateway()
        finally:
            for process, _ in self.remotes.values():
                process.kill()
                process.wait()
                process.stdout.close()
            for peer in self.peers.values():
                peer.shutdown()
                peer.server_close()
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- kinds of steps ----------------------------------------------------------------------

    def run_case(self, case, common):
        config = case.find("config") or common.find("config")
        if config is None:
            raise Failed("no config section")
        self.setup(common, case)
        base = config.options.strip()
        text = (self.path.parent / base).read_text() if base else config.text
        validate = case.find("validate")
        if validate:
            return self.check_validate(text, validate)
        self.seen = len(self.gateway.output()) if self.gateway else 0
        self.serve(text, base)
        pending = None
        for section in case.sections:
            if section.kind == "request":
                pending = exchange(self.gateway_port, request_bytes(section, self.fill))
            elif section.kind == "mcp":
                pending = self.call(section)
            elif section.kind == "response":
                check_response(section, pending, self.fill)
            elif section.kind == "answer":
                self.check_answer(section, pending)
            elif section.kind == "log":
                self.check_log(section)

    def check_validate(self, config, section):
        self.gateway_port = 3000
        (self.folder / "config.yaml").write_text(self.fill(config) + "\n")
        ended = subprocess.run([BINARY, "-f", "config.yaml", "--validate-only"], cwd=self.folder, capture_output=True,
                               text=True, timeout=20 * PATIENCE, env=surroundings(self.environment))
        output = ended.stdout + ended.stderr
        wanted = section.options.strip() or "0"
        if str(ended.returncode) != wanted:
            raise Failed(f"exit {ended.returncode}, expected {wanted}:\n{output}")
        for line in section.lines:
            if line.startswith("!~"):
                if re.search(line[2:].strip(), output):
                    raise Failed(f"should not say {line[2:].strip()}:\n{output}")
            elif line.strip() and not matches_in(line, output):
                raise Failed(f"does not say {line}:\n{output}")

    def call(self, section):
        options = dict(word.split("=", 1) for word in section.options.split())
        token, path = options.get("token"), options.get("path", "/mcp")
        session = self.session(token, path)
        message = json.loads(self.fill(section.text))
        if "method" in message and "id" not in message and not message["method"].startswith("notifications/"):
            message["id"] = 7
        return self.post({"jsonrpc": "2.0", **message}, token, path, session)

    def post(self, message, token, path, session=None):
        headers = ["Accept: application/json, text/event-stream", "Content-Type: application/json"]
        if token:
            headers.append("Authorization: Bearer " + self.fill("{{token %s}}" % token))
        if session:
            headers += [f"Mcp-Session-Id: {session}", "Mcp-Protocol-Version: 2025-06-18"]
        section = Section("request", "", 0)
        section.lines = [f"POST {path}", *headers, "", json.dumps(message)]
        return exchange(self.gateway_port, request_bytes(section, lambda text: text), 30)

    def session(self, token, path):
        if (token, path) not in self.sessions:
            answer = Answer(self.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
                "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "cases", "version": "1"}}}, token, path))
            if answer.status != "200":
                raise Failed(f"initialize: {answer.status} {answer.body}")
            self.sessions[token, path] = answer.values("mcp-session-id")[0]
            self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, token, path, self.sessions[token, path])
        return self.sessions[token, path]

    def check_answer(self, section, data):
        answer = Answer(data)
        found = [message for message in answer.messages() if "method" not in message]
        actual = found[-1] if found else None
        text = section.text.strip()
        if text.startswith("tools:"):
            names = sorted(tool["name"] for tool in (actual or {}).get("result", {}).get("tools", []))
            if names != sorted(text[6:].split()):
                raise Failed(f"tools {names}, expected {sorted(text[6:].split())}")
        elif not is_within(json.loads(text), actual):
            raise Failed(f"answer {answer.status}: {json.dumps(actual)}\nexpected: {text}")

    def check_log(self, section):
        end = time.monotonic() + 3 * PATIENCE
        missing = [line for line in section.lines if line.strip()]
        while missing and time.monotonic() < end:
            output = self.gateway.output()[self.seen:]
            missing = [line for line in missing if not matches_in(line, output)]
            time.sleep(0.02)
        if missing:
            raise Failed(f"not in the log: {missing}\n{self.gateway.output()[-3000:]}")


def matches_in(line, output):
    return re.search(line[1:].strip(), output, re.M) is not None if line.startswith("~") else line in output


def run_file(path):
    cases = parse(path)
    common, results = cases[0], []
    if not cases[1:]:
        raise SystemExit(f"{path}: no case (=== title)")
    run = Run(path)
    try:
        for case in cases[1:]:
            name = f"{path.relative_to(ROOT)}:{case.line} {case.title}"
            try:
                run.run_case(case, common)
                results.append((name, None))
            except Exception as error:  # a case must not end the others
                text = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
                if run.gateway and run.gateway.process.poll() is not None:
                    text += f"\nthe gateway had ended with {run.gateway.process.returncode}:\n{run.gateway.output()[-5000:]}"
                    run.gateway = None
                results.append((name, text))
    finally:
        try:
            run.close()
        except Failed as error:
            results.append((f"{path.relative_to(ROOT)} (ending the gateway)", str(error)))
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    paths = sorted([*(ROOT / "tests/cases").glob("**/*.case"), *(ROOT / "examples").glob("*/*.case")])
    paths = [path for path in paths if not options.names or any(name in str(path) for name in options.names)]
    if not os.access(BINARY, os.X_OK):
        raise SystemExit(f"no binary at {BINARY}")
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for results in pool.map(run_file, paths):
            for name, problem in results:
                passed, failed = passed + (problem is None), failed + (problem is not None)
                if problem is not None:
                    print(f"FAILED {name}\n    " + problem.replace("\n", "\n    "))
                elif options.verbose:
                    print(f"passed {name}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
