"""Many calls while children die, callers leave and the configuration changes: nothing may grow, and
nothing may fail but what was done on purpose."""

import contextlib
import statistics
import threading
import time

import world

RELOAD_EVERY = 0.25
SECONDS_PER_100_000 = 60  # a bound, not an expectation


class Kind:
    """A kind of target: its route for a variant of the configuration and the port of its server, the
    server (if the gateway does not start it), and what its load is told."""

    def __init__(self, name, route, server=None, **load):
        self.name = name
        self.route = route
        self.server = server
        self.load = load


KINDS = [
    Kind("stdio", lambda variant, _: world.tools_route("/stdio", f"stdio: {{ cmd: {world.CHILD} }}", variant),
         work="tools", path="/stdio", token=world.TOKEN, sessions=16, kill_every=200, leave_every=100),
    Kind("http", lambda variant, port: world.tools_route(
        "/http", f"mcp: {{ host: 'http://127.0.0.1:{port}/mcp' }}", variant),
         server=world.McpServer, work="tools", path="/http", token=world.TOKEN, leave_every=100),
    Kind("proxy", lambda variant, port: world.proxy_route("/bench", port, variant),
         server=world.Upstream, work="proxy", leave_every=100),
]


class State:
    """What must be back at the start when all is over."""

    def __init__(self, gateway):
        self.children = len(gateway.everybody())
        self.descriptors = world.descriptors(gateway.pid)
        self.threads = world.threads(gateway.pid)
        self.spawner_descriptors = sum(world.descriptors(pid) for pid in gateway.everybody()
                                       if world.status_of(pid, "Name") == "agw-spawner")

    def __eq__(self, other):
        return vars(self) == vars(other)

    def __str__(self):
        return (f"{self.descriptors} descriptors, {self.threads} threads, {self.children} processes, "
                f"{self.spawner_descriptors} descriptors of the spawner")


class Reloads(threading.Thread):
    """Alternates two variants of the configuration until it is told to stop."""

    def __init__(self, gateway, config):
        super().__init__(daemon=True)
        self.gateway, self.config = gateway, config
        self.over = threading.Event()
        self.asked = 0

    def run(self):
        while not self.over.wait(RELOAD_EVERY):
            self.asked += 1
            self.gateway.reload(self.config(self.asked % 2))

    def stop(self):
        self.over.set()
        self.join()


def watch(gateway, loads, requests):
    """Memory in kilobytes over the requests that were done: [(done, kilobytes)]."""
    samples = []
    while not all(load.is_over() for load in loads):
        done = sum(load.done for load in loads)
        samples.append((done, world.resident_kilobytes(gateway.pid)))
        assert not gateway.ended(), gateway.log()
        time.sleep(0.1)
    world.say("  memory: " + ", ".join(f"{done} {kilobytes} kB" for done, kilobytes in
                                       samples[::max(1, len(samples) // 8)]))
    return samples


def memory_at(samples, done):
    """The median of the samples around that moment: a single one may be of a busy one."""
    nearest = sorted(samples, key=lambda sample: abs(sample[0] - done))[:max(5, len(samples) // 25)]
    return statistics.median(kilobytes for _, kilobytes in nearest)


def judge_servers(properties, servers):
    for kind, server in zip(KINDS, servers):
        if isinstance(server, world.McpServer):
            try:
                world.until(lambda: server.open_sessions() == 0, 15 * world.PATIENCE, "sessions ended")
            except AssertionError:
                pass
            left = server.open_sessions()
            properties.check(f"{kind.name}: every session was ended at its server", left == 0, f"{left} left")
        if server:
            server.kill()


def judge_memory(properties, samples, requests):
    # A short run is still getting warm; what leaks shows in it all the same.
    is_long = requests >= 1_000_000
    warm, allowed = (requests / 5, 2) if is_long else (requests / 2, 10)
    begin, end = memory_at(samples, warm), memory_at(samples, requests)
    growth = (end - begin) / begin * 100
    properties.check(f"memory from request {warm:.0f} to the last grows by {allowed} % at most",
                     growth <= allowed, f"{begin:.0f} -> {end:.0f} kB, {growth:+.2f} %")


def run(properties, requests):
    world.say(f"endurance: {requests} requests over {', '.join(kind.name for kind in KINDS)}")
    limit = SECONDS_PER_100_000 * world.PATIENCE * max(1, requests // 100_000)
    port = world.free_port()
    with contextlib.ExitStack() as stack:
        servers = [kind.server and stack.enter_context(kind.server()) for kind in KINDS]

        def config(variant):
            return world.bind(port, "".join(kind.route(variant, server and server.port)
                                            for kind, server in zip(KINDS, servers)))

        gateway = stack.enter_context(world.Gateway(config(0), port))
        time.sleep(0.5)
        before = State(gateway)
        began = time.monotonic()
        reloads = Reloads(gateway, config)
        loads = [stack.enter_context(world.Load(port=port, requests=requests // len(KINDS), seconds=limit, **kind.load))
                 for kind in KINDS]
        try:
            reloads.start()
            samples = watch(gateway, loads, requests)
            seconds = time.monotonic() - began
        finally:
            reloads.stop()
        found = [load.result(10) for load in loads]
        judge_servers(properties, servers)  # and with them the connections that the gateway keeps end
        judge(properties, gateway, before, samples, found, requests)
        world.say(f"  {requests / seconds:.0f} requests/s, {seconds:.0f} s")
        judge_reloads(properties, gateway, reloads)
        status, took = gateway.terminate()
        properties.check("it ends with status 0", status == 0, f"{status} after {took * 1000:.0f} ms")
        properties.check("no sanitizer report", not gateway.sanitizer_reports(),
                         gateway.sanitizer_reports()[:3] or "none")


def judge(properties, gateway, before, samples, found, requests):
    for kind, line in zip(KINDS, found):
        is_fine = line["errors"] == 0 and line["done"] == requests // len(KINDS)
        properties.check(f"{kind.name}: no error that was not injected", is_fine,
                         f"{line['done']} done, {line['errors']} errors {line['first_error']}, {line['left']} "
                         f"callers left")
        if "kills" in line:
            properties.check(f"{kind.name}: every session could be ended", line["sessions_not_ended"] == 0,
                             f"{line['sessions']} sessions, {line['sessions_not_ended']} not ended")
        if "kill_every" in kind.load:
            properties.check(f"{kind.name}: calls of a killed child fail soon",
                             line["kills"] > 0 and line["noticed_us_max"] <= 1_000_000 * world.PATIENCE,
                             f"{line['kills']} kills, {line['injected']} calls failed, the last after "
                             f"{line['noticed_us_max'] / 1000:.1f} ms, recovered within "
                             f"{line['recovered_us_max'] / 1000:.0f} ms")
    if world.PRESET == "release":  # sanitizers keep what is freed
        judge_memory(properties, samples, requests)
    after = None
    try:
        world.until(lambda: State(gateway) == before, 15 * world.PATIENCE, "the state before")
        after = State(gateway)
    except AssertionError:
        pass
    properties.check("descriptors, threads and children are back at the start", after is not None,
                     f"{before}; {'the same' if after else State(gateway)} after")


def judge_reloads(properties, gateway, reloads):
    taken = gateway.figures(r"configuration reloaded .*took_ms=([0-9.]+)")
    properties.check("every change was taken", len(taken) >= reloads.asked > 0,
                     f"{len(taken)} reloads, the longest {max(taken, default=0)} ms")
    wrong = [line for line in gateway.lines if " error " in line]
    properties.check("no error in the log", not wrong, wrong[:2] or "none")
