"""The servers under test: how each is started, pinned, found and stopped."""

import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / os.environ.get("BENCH_BUILD", "build/bench")  # the gateway and the programs of this folder
PEERS = ROOT / "bench/peers"
BRIDGES = ROOT / "bench/bridges"
TOKEN = ROOT / "manifests/jwt/example2.key"
SERVER_CORE, LOAD_CORE = "0", "1"
DEMO_TARGET = "demo: {}"
CHILD = BUILD / "load/child"
CHILD_TARGET = f"stdio: {{ cmd: {CHILD} }}"
# A real server, which takes as long to start as servers in Node do; ./dev bench installs it.
EVERYTHING = ["node", str(ROOT / "tests/e2e/node_modules/everything-2025/dist/index.js"), "stdio"]
DEMO_KEYS = "./manifests/jwt/pub-key"


def http_target(port):
    return f"mcp: {{ host: 'http://127.0.0.1:{port}/mcp' }}"


class Minted:
    """Tokens that were never seen, and the key set for them; made once a run."""

    count = 33_000  # a run's requests; the gateway remembers 4,096 a core
    keys, tokens = BUILD / "load/keys.json", BUILD / "load/tokens"
    is_made = False

    @classmethod
    def make(cls):
        if not cls.is_made:
            subprocess.run([str(BUILD / "load/mint"), str(cls.count), str(cls.keys), str(cls.tokens)], check=True)
        cls.is_made = True
        return cls


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


class Server:
    """A process that listens on `port`; `pids` are those whose CPU time counts."""

    def __init__(self, command, port, folder, wrapper=(), log=None, core=SERVER_CORE):
        self.port = port
        self.folder = folder
        self.log = log
        output = open(log, "wb") if log else subprocess.DEVNULL
        self.process = subprocess.Popen(["taskset", "-c", core, *wrapper, *command], cwd=ROOT,
                                        stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        if log:
            output.close()
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.stop()
            raise

    def wait_until_it_listens(self, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SystemExit(f"bench: {self.process.args} ended with {self.process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"bench: {self.process.args} does not listen")

    def pids(self):
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        # A gateway's children are what it serves; nginx's child is what serves.
        return [int(word) for word in children] if self.counts_children else [pid]

    counts_children = False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Nginx(Server):
    counts_children = True


def fill(name, into, **values):
    text = (PEERS / name).read_text()
    for key, value in values.items():
        text = text.replace(f"@{key.upper()}@", str(value))
    path = pathlib.Path(into) / name
    path.write_text(text)
    return path


def gateway_binary():
    return pathlib.Path(os.environ.get("AGENTGATEWAY_BIN", BUILD / "agentgateway"))


def start_gateway(config, wrapper=(), **values):
    folder = tempfile.mkdtemp(prefix="agw-bench-")
    port = free_port()
    path = fill(config, folder, port=port, **values)
    return Server([str(gateway_binary()), "-f", str(path)], port, folder, wrapper)


def start_proxy(upstream, wrapper=()):
    return start_gateway("proxy.yaml", wrapper, upstream=upstream)


def start_mcp(target, wrapper=(), keys=DEMO_KEYS):
    return start_gateway("mcp.yaml", wrapper, target=target, keys=keys)


def start_open(target, wrapper=()):
    return start_gateway("open.yaml", wrapper, target=target)


def start_echo():
    """An MCP server over HTTP, beside the load generator."""
    port = free_port()
    return Server([str(BUILD / "load/echo"), str(port)], port, tempfile.mkdtemp(prefix="agw-bench-"),
                  core=LOAD_CORE)


def start_bridge(command):
    port = free_port()
    words = [word.replace("@PORT@", str(port)) for word in command]
    return Server([str(BRIDGES / "node_modules/.bin" / words[0]), *words[1:]], port,
                  tempfile.mkdtemp(prefix="agw-bench-"))


# One process for each session, as the gateway has it; what they log by default is switched off.
BRIDGE_COMMANDS = {
    "supergateway": ["supergateway", "--stdio", str(CHILD), "--outputTransport", "streamableHttp", "--stateful",
                     "--port", "@PORT@", "--streamableHttpPath", "/mcp", "--logLevel", "none"],
    "mcp-proxy": ["mcp-proxy", "--host", "127.0.0.1", "--port", "@PORT@", "--server", "stream",
                  "--streamEndpoint", "/mcp", "--no-eventStore", "--", str(CHILD)],
}


def start_pump(upstream, wrapper=()):
    folder = tempfile.mkdtemp(prefix="agw-bench-")
    port = free_port()
    return Server([str(BUILD / "load/pump"), str(port), str(upstream)], port, folder, wrapper)


def start_nginx(upstream, wrapper=()):
    folder = tempfile.mkdtemp(prefix="agw-bench-")
    pathlib.Path(folder).chmod(0o755)
    port = free_port()
    # Under callgrind there is one process only, which is what is counted.
    path = fill("nginx.conf", folder, port=port, upstream=upstream, folder=folder,
                master="off" if wrapper else "on")
    kind = Server if wrapper else Nginx
    return kind([shutil.which("nginx") or "/usr/sbin/nginx", "-e", "stderr", "-c", str(path)], port,
                folder, wrapper)


def start_haproxy(upstream, wrapper=()):
    folder = tempfile.mkdtemp(prefix="agw-bench-")
    port = free_port()
    path = fill("haproxy.cfg", folder, port=port, upstream=upstream)
    return Server([shutil.which("haproxy") or "/usr/sbin/haproxy", "-db", "-f", str(path)], port, folder,
                  wrapper)


PROXIES = {
    "agentgateway": start_proxy,
    "nginx": start_nginx,
    "haproxy": start_haproxy,
    "byte pump": start_pump,
}
