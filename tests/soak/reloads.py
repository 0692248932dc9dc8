"""Changing a configuration of a thousand rules while it is asked, and starting with a thousand
routes."""

import statistics
import time

import world

RATE = 500
RULES = 1000
ROUTES = 1000
TARGETS = 100
RELOAD_MS_MAX = 50
START_MS_MAX = 300
STARTS = 5

# What the first and the last rule allow; policy_work.cc knows the same.
POLICIES = {"a": ("echo", "add"), "b": ("add", "printEnv")}


def rule(number, name):
    """Four shapes, as people write them; none of these allows what the demo target has."""
    return (f'mcp.tool.name == "tool_{number}_{name}"',
            f'jwt.sub == "user{number}" && mcp.tool.name == "of_user_{number}"',
            f'mcp.tool.name.startsWith("team{number}_") && jwt.groups.exists(g, g == "g{number}")',
            f'mcp.tool.name in ["one_{number}", "two_{number}"] && has(jwt.nested)')[number % 4]


def policy(port, name):
    first, last = POLICIES[name]
    rules = [f'mcp.tool.name == "{first}"', *(rule(number, name) for number in range(RULES - 2)),
             f'mcp.tool.name == "{last}"']
    lines = "\n".join(f"          - '{text}'" for text in rules)
    return f"""
config: {{ workerThreads: 2 }}
binds:
- port: {port}
  listeners:
  - policies:
      cors: {{ allowOrigins: ["http://soak.test"], exposeHeaders: [x-policy-{name}] }}
    routes:
    - policies:
        responseHeaderModifier: {{ set: {{ x-route: {name} }} }}
        mcpAuthorization:
          rules:
{lines}
      backends:
      - mcp:
          dnsRebindingProtection: false
          targets:
          - name: demo
            demo: {{}}
"""


def routes(port):
    text = ["config: { workerThreads: 2 }", "binds:", f"- port: {port}", "  listeners:", "  - routes:"]
    for number in range(ROUTES):
        text.append(f"""    - name: route{number}
      matches: [{{ path: {{ pathPrefix: /team{number}/mcp }} }}]
      policies:
        mcpAuthorization:
          rules: ['mcp.tool.name == "echo" && jwt.sub == "user{number}"']
      backends:
      - mcp:
          targets:
          - name: target{number % TARGETS}
            stdio: {{ cmd: {world.CHILD}, args: ["{number % TARGETS}"] }}""")
    return "\n".join(text) + "\n"


def run(properties, count):
    world.say(f"reloads: {count} of {RULES} rules at {RATE} requests/s")
    port = world.free_port()
    texts = [policy(port, name) for name in POLICIES]
    seconds = max(60, count) * world.PATIENCE
    with world.Gateway(texts[0], port) as gateway:
        with world.Load(port=port, work="policy", rate=RATE, requests=RATE * seconds, connections=16,
                        seconds=seconds) as load:
            world.until(lambda: load.done > RATE / 5 or load.is_over(), 20 * world.PATIENCE, "the load begins")
            for number in range(1, count + 1):
                gateway.reload(texts[number % 2])
                gateway.wait_for("configuration reloaded", number, 20 * world.PATIENCE)
            load.tell_to_end()
            found = load.result(20)
        taken = gateway.figures(r"configuration reloaded .*took_ms=([0-9.]+)")
        status, _ = gateway.terminate()
        log = [line for line in gateway.lines if " error " in line or " warn " in line]
    properties.check("no request is lost or sees two policies", found["errors"] == 0,
                     f"{found['done']} requests, {found['errors']} errors {found['first_error']}")
    properties.check("both policies were seen", min(found["seen_a"], found["seen_b"]) > found["done"] / 10,
                     f"{found['seen_a']} under one, {found['seen_b']} under the other")
    properties.check(f"a reload of {RULES} rules takes {RELOAD_MS_MAX} ms at most",
                     statistics.median(taken) <= RELOAD_MS_MAX * world.PATIENCE,
                     f"median {statistics.median(taken):.1f} ms, the longest {max(taken):.1f} ms of {len(taken)}")
    properties.check("nothing was logged but that", not log, log[:2] or "nothing")
    properties.check("it ends with status 0", status == 0, status)
    judge_start(properties)


def judge_start(properties):
    times = []
    for _ in range(STARTS):
        port = world.free_port()
        with world.Gateway(routes(port), port) as gateway:
            times.append(gateway.ready_ms)
    properties.check(f"a start with {ROUTES} routes to {TARGETS} targets takes {START_MS_MAX} ms at most",
                     statistics.median(times) <= START_MS_MAX * world.PATIENCE,
                     f"median {statistics.median(times):.0f} ms, the longest {max(times):.0f} ms to the first "
                     f"accepted connection")
