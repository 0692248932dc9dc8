"""A gateway under a long load, and what the system says about it."""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("AGENTGATEWAY_LOAD", ROOT / "build/bench/load"))
BINARY = pathlib.Path(os.environ.get("AGENTGATEWAY_BIN", ROOT / "build/bench/agentgateway"))
CHILD = BUILD / "child"
TOKEN = ROOT / "manifests/jwt/example2.key"
PRESET = os.environ.get("AGENTGATEWAY_PRESET", "release")
# Sanitizers make everything slower; what is a bound of the product is multiplied by this.
PATIENCE = int(os.environ.get("AGENTGATEWAY_PATIENCE", "1"))
SANITIZER_SIGNS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:", "terminate called")


class Properties:
    """What was claimed and what was seen; one line each."""

    def __init__(self):
        self.broken = []

    def check(self, claim, holds, figure):
        print(f"  {'ok  ' if holds else 'FAIL'}  {claim}: {figure}", flush=True)
        if not holds:
            self.broken.append(claim)


def say(line):
    print(line, flush=True)


def free_port():
    """Below the range from which the system takes the ports of outgoing connections."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def until(claim, seconds, what):
    """The first true value of `claim()` and the seconds it took."""
    begin = time.monotonic()
    while True:
        value = claim()
        if value:
            return value, time.monotonic() - begin
        if time.monotonic() - begin > seconds:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


# -- processes ----------------------------------------------------------------------------------


def status_of(pid, key):
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    found = re.search(rf"^{key}:\s*(\S+)", text, re.MULTILINE)
    return found and found[1]


def is_alive(pid):
    state = status_of(pid, "State")
    return state is not None and state != "Z"


def descendants(pid):
    """All processes below that one, without those that have ended."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            parents[int(entry.name)] = int(status_of(entry.name, "PPid") or 0)
    found, fresh = [], [pid]
    while fresh:
        fresh = [child for child, parent in parents.items() if parent in fresh and child not in found]
        found += fresh
    return [child for child in found if is_alive(child)]


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def resident_kilobytes(pid):
    return int(status_of(pid, "VmRSS") or 0)


# -- the gateway --------------------------------------------------------------------------------


class Gateway:
    """The real binary with a configuration that can be changed; its log without the access records."""

    def __init__(self, config, port, folder=None, environment=None):
        self.port = port
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="agw-soak-"))
        self.owns_folder = folder is None
        self.path = self.folder / "config.yaml"
        self.path.write_text(config)
        self.lines = []
        self.changed = threading.Condition()
        began = time.monotonic()
        self.process = subprocess.Popen([str(BINARY), "-f", str(self.path)], cwd=ROOT, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)
        self.pid = self.process.pid
        # A million records are for a quicker reader than this one.
        self.filter = subprocess.Popen(["grep", "--text", "--line-buffered", "-v", " info request "],
                                       stdin=self.process.stdout, stdout=subprocess.PIPE)
        self.process.stdout.close()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        try:
            until(lambda: self.ended() or listens(port), 30 * PATIENCE, "the gateway listens")
            assert not self.ended(), f"the gateway ended at once:\n{self.log()}"
        except BaseException:
            self.kill()
            raise
        self.ready_ms = (time.monotonic() - began) * 1000

    def read(self):
        for line in self.filter.stdout:
            with self.changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self.changed.notify_all()

    def log(self):
        return "\n".join(self.lines)[-6000:]

    def ended(self):
        return self.process.poll() is not None

    def count(self, part):
        return sum(part in line for line in self.lines)

    def wait_for(self, part, count, seconds):
        """Waits until so many lines hold `part`."""
        end = time.monotonic() + seconds
        with self.changed:
            while self.count(part) < count:
                left = end - time.monotonic()
                assert left > 0, f"`{part}` was not logged {count} times in {seconds} s:\n{self.log()}"
                self.changed.wait(min(left, 0.2))

    def figures(self, pattern):
        return [float(found[1]) for line in self.lines if (found := re.search(pattern, line))]

    def write(self, config):
        """As editors do: a new file, renamed over the old one."""
        fresh = self.folder / "config.new"
        fresh.write_text(config)
        fresh.rename(self.path)

    def reload(self, config):
        """Does not wait for the file's rest, as a change alone would."""
        self.write(config)
        self.process.send_signal(signal.SIGHUP)

    def everybody(self):
        return descendants(self.pid)

    def sanitizer_reports(self):
        return [line for line in self.lines if any(sign in line for sign in SANITIZER_SIGNS)]

    def terminate(self, seconds=30):
        """SIGTERM; its exit status and the seconds it took."""
        began = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(seconds * PATIENCE)
        finally:
            self.kill()
        return self.process.returncode, time.monotonic() - began

    def kill(self):
        if not self.ended():
            self.process.kill()
            self.process.wait()
        self.filter.wait()
        self.reader.join(10)
        self.filter.stdout.close()
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


# -- loads and upstreams ------------------------------------------------------------------------


class Load:
    """A soak_load at work: how many requests are done, and at the end its line of JSON."""

    def __init__(self, **options):
        command = [str(BUILD / "soak_load")]
        for name, value in options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.done = 0
        self.found = None
        self.errors = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            if line.startswith("done "):
                self.done = int(line.split()[1])
            elif line.startswith("{"):
                self.found = json.loads(line)
                self.done = self.found["done"]
        self.errors = self.process.stderr.read()

    def is_over(self):
        return self.process.poll() is not None

    def tell_to_end(self):
        """It begins no more requests and waits for the answers to those there are."""
        if not self.is_over():
            self.process.terminate()

    def result(self, seconds):
        """Its report; an error that it had not caused itself is for the caller to judge."""
        try:
            self.process.wait(seconds)
        finally:
            self.stop()
        assert self.found is not None, f"the load gave up ({self.process.returncode}): {self.errors}"
        return self.found

    def stop(self):
        if not self.is_over():
            self.process.kill()
            self.process.wait()
        self.reader.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Upstream:
    """An HTTP server behind the gateway, in a process that can be killed: the bench's own."""

    def __init__(self):
        self.port = free_port()
        self.start()

    def command(self):
        return [str(BUILD / "load"), "--upstream", str(self.port), "--serve"]

    def start(self):
        self.process = subprocess.Popen(self.command())
        until(lambda: listens(self.port), 10, "the upstream listens")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


class McpServer(Upstream):
    """An MCP server over Streamable HTTP, which knows how many sessions nobody has ended."""

    def command(self):
        return [str(BUILD / "soak_server"), str(self.port)]

    def open_sessions(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/sessions", timeout=10) as answer:
            return int(answer.read())


# -- configurations -----------------------------------------------------------------------------

AUTHENTICATION = f"""
        jwtAuth:
          mode: strict
          issuer: agentgateway.dev
          audiences: [test.agentgateway.dev]
          jwks: {{ file: {ROOT / 'manifests/jwt/pub-key'} }}"""


def bind(port, routes, workers=2):
    return f"config: {{ workerThreads: {workers} }}\nbinds:\n- port: {port}\n  listeners:\n  - routes:\n{routes}"


def tools_route(path, target, variant=0):
    """Authenticated tools/call at `path`; the rules of two variants differ, what they allow does not."""
    return f"""
    - name: {path.strip('/')}
      matches: [{{ path: {{ pathPrefix: {path} }} }}]
      policies:{AUTHENTICATION}
        mcpAuthorization:
          rules:
          - 'mcp.tool.name in ["echo", "big", "pid"]'
          - 'jwt.sub == "variant-{variant}" && mcp.tool.name == "nothing"'
      backends:
      - mcp:
          name: {path.strip('/')}
          targets:
          - name: target
            {target}"""


def proxy_route(path, upstream, variant=0):
    return f"""
    - name: {path.strip('/')}
      matches: [{{ path: {{ pathPrefix: {path} }} }}]
      policies:
        responseHeaderModifier: {{ set: {{ x-variant: "{variant}" }} }}
      backends:
      - host: 127.0.0.1:{upstream}"""
