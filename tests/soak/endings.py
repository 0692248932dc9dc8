"""How the gateway, its children and its upstreams end: by request, by force, under load."""

import signal
import time

import world

ORPHANS_GONE_WITHIN = 2
UPSTREAM_FAILS_WITHIN = 1
CONNECTIONS = 32


def config_of(port, upstream):
    return world.bind(port, world.tools_route("/stdio", f"stdio: {{ cmd: {world.CHILD} }}") +
                      world.proxy_route("/bench", upstream.port))


def under_way(*loads):
    before = [load.done for load in loads]
    world.until(lambda: all(load.done > done or load.is_over() for load, done in zip(loads, before)),
                20 * world.PATIENCE, "requests are answered")
    for load in loads:
        assert not load.is_over(), f"the load gave up: {load.found} {load.errors}"


def terminations(properties, rounds):
    """SIGTERM, and a new gateway on the same port. The clients know nothing of it: they try again only
    when nobody listens."""
    world.say(f"endings: SIGTERM under load, {rounds} times")
    port = world.free_port()
    with world.Upstream() as upstream:
        config = config_of(port, upstream)
        gateway = world.Gateway(config, port)
        statuses, times, left = [], [], []
        try:
            with world.Load(port=port, work="proxy", requests=10**9, connections=CONNECTIONS, may_restart="yes") as proxy, \
                    world.Load(port=port, work="tools", path="/stdio", token=world.TOKEN, requests=10**9, sessions=4,
                               rate=400, connections=CONNECTIONS, may_restart="yes") as tools:
                for _ in range(rounds):
                    under_way(proxy, tools)
                    time.sleep(0.2)
                    everybody = gateway.everybody()
                    status, took = gateway.terminate()
                    left += [pid for pid in everybody if world.is_alive(pid)]
                    statuses.append(status)
                    times.append(took)
                    gateway = world.Gateway(config, port)
                under_way(proxy, tools)
                for load in (proxy, tools):
                    load.tell_to_end()
                found = [load.result(20) for load in (proxy, tools)]
        finally:
            gateway.kill()
    for name, line in zip(("plain proxying", "tools/call"), found):
        properties.check(f"{name}: no failed request", line["errors"] == 0,
                         f"{line['done']} requests, {line['errors']} errors {line['first_error']}, refused "
                         f"{line['refused']} times before sending")
    properties.check("each ended with status 0", set(statuses) == {0},
                     f"{len(statuses)} times, after {max(times) * 1000:.0f} ms at most")
    properties.check("no child was left", not left, left or "none")


def kills(properties, rounds):
    """kill -9 of the gateway: nobody is left to end its children but they themselves."""
    world.say(f"endings: kill -9 of the gateway, {rounds} times")
    slowest, left = 0, []
    for _ in range(rounds):
        port = world.free_port()
        with world.Upstream() as upstream, world.Gateway(config_of(port, upstream), port) as gateway, \
                world.Load(port=port, work="tools", path="/stdio", token=world.TOKEN, requests=10**9, sessions=8) as load:
            under_way(load)
            everybody = gateway.everybody()
            assert len(everybody) >= 9, f"eight children and who starts them: {everybody}"
            gateway.process.send_signal(signal.SIGKILL)
            try:
                _, took = world.until(lambda: not any(map(world.is_alive, everybody)),
                                      ORPHANS_GONE_WITHIN * world.PATIENCE, "no orphan")
                slowest = max(slowest, took)
            except AssertionError:
                left += filter(world.is_alive, everybody)
            load.stop()
    properties.check(f"no orphan after {ORPHANS_GONE_WITHIN} s", not left,
                     left or f"the last one ended {slowest * 1000:.0f} ms after the gateway")


def upstream_kills(properties, rounds):
    """kill -9 of the upstream and another one in its place: what was asked of the first may fail, and
    nothing else."""
    world.say(f"endings: kill -9 of the upstream, {rounds} times")
    port = world.free_port()
    failed, slowest, late, errors, recovery = [], 0, [], [], 0
    with world.Upstream() as upstream, world.Gateway(config_of(port, upstream), port) as gateway:
        for _ in range(rounds):
            with world.Load(port=port, work="proxy", requests=10**9, connections=CONNECTIONS, may_fail="yes") as load:
                under_way(load)
                time.sleep(0.2)
                upstream.kill()
                upstream.start()
                back = time.monotonic_ns()
                under_way(load)
                recovery = max(recovery, time.monotonic_ns() - back)
                time.sleep(0.3)
                load.tell_to_end()
                found = load.result(20)
            errors += [found["first_error"]] if found["errors"] else []
            failed.append(found["failed"])
            slowest = max(slowest, found["failed_us_max"])
            if found["failed_started_last"] > back:
                late.append((found["failed_started_last"] - back) / 1e6)
        status, _ = gateway.terminate()
    properties.check("it ended with status 0", status == 0, status)
    properties.check("nothing failed but what was asked before the next upstream listened", not late and not errors,
                     f"{failed} calls failed{'; too late, in ms: ' + str(late) if late else ''} {errors or ''}")
    properties.check("some were in flight", sum(failed) > 0, sum(failed))
    properties.check(f"they failed within {UPSTREAM_FAILS_WITHIN} s",
                     slowest <= UPSTREAM_FAILS_WITHIN * 1e6 * world.PATIENCE, f"{slowest / 1000:.1f} ms at most")
    properties.check(f"calls were answered again within {UPSTREAM_FAILS_WITHIN} s",
                     recovery <= UPSTREAM_FAILS_WITHIN * 1e9 * world.PATIENCE, f"{recovery / 1e6:.0f} ms at most")


def run(properties, rounds):
    terminations(properties, rounds)
    kills(properties, max(2, rounds // 4))
    upstream_kills(properties, max(2, rounds // 4))
