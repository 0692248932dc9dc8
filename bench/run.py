#!/usr/bin/env python3
"""The benchmark: agentgateway beside nginx, haproxy and a bare byte pump, at the same job.

    ./dev bench                 everything; writes bench/results.md
    ./dev bench PART...         only these parts: proxy tools bridges latency memory sessions
                                instructions
    ROUNDS=9 ./dev bench proxy  more rounds

The server is pinned to one core and the load generator, with the upstream inside it, to another. The
candidates take turns, round after round, and what counts is the ratio within a round. Every answer is
checked; one wrong byte and there is no result.
"""

import datetime
import json
import os
import statistics
import sys

import instructions
import load
import load_test
import report
import servers
import sessions

ROUNDS = int(os.environ.get("ROUNDS", "5"))
KEPT = servers.ROOT / "build/bench/results.json"


def say(line):
    print(line, flush=True)


def rounds(started, ask):
    """{name: [line of each round]}; the candidates take turns."""
    lines = {name: [] for name in started}
    for number in range(1, ROUNDS + 1):
        for name, server in started.items():
            line = ask(server, name)
            lines[name].append(line)
            say(f"  round {number} {name}: {line['cpu_us']} us CPU, {line['per_second']:.0f}/s")
    return lines


def summary_of(lines, base):
    """Medians, and the median of the ratios to `base` within each round."""
    found = {}
    for name, mine in lines.items():
        ratios = [a["cpu_us"] / b["cpu_us"] for a, b in zip(mine, lines[base])]
        entry = {key: statistics.median(line[key] for line in mine)
                 for key in ("cpu_us", "per_second", "p50_us", "p99_us")}
        entry["ratio"] = statistics.median(ratios)
        entry["ratio_min"], entry["ratio_max"] = min(ratios), max(ratios)
        found[name] = entry
    return found


class Started(dict):
    """Servers by name, all stopped at the end."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.values():
            server.stop()


def start_proxies(started, upstream):
    for name, start in servers.PROXIES.items():
        started[name] = start(upstream)


def measure_proxy():
    found = {}
    upstream = servers.free_port()
    with Started() as started:
        start_proxies(started, upstream)
        for mode in ("json", "chunked", "sse"):
            say(f"plain proxying, {mode}")
            lines = rounds(started, lambda server, _, mode=mode: load.proxy(server, upstream, mode))
            found[mode] = summary_of(lines, "agentgateway")
    return found


NEW_TOKENS = ", a new token each"


def measure_tools():
    """Every target twice: with one token, and with a token that nobody has seen in each request."""
    say("tools/call with a token and rules, beside plain proxying")
    upstream = servers.free_port()
    minted = servers.Minted.make()
    with Started() as started, servers.start_echo() as echo:
        targets = {"demo target": servers.DEMO_TARGET, "HTTP target": servers.http_target(echo.port),
                   "stdio child": servers.CHILD_TARGET}
        for name, target in targets.items():
            started[name] = servers.start_mcp(target)
            started[name + NEW_TOKENS] = servers.start_mcp(target, keys=minted.keys)
        start_proxies(started, upstream)

        def ask(server, name):
            if name.endswith(NEW_TOKENS):
                return load.tools_call(server, token=minted.tokens)
            return load.tools_call(server) if name in targets else load.proxy(server, upstream)

        lines = rounds(started, ask)
    return summary_of(lines, "stdio child")


def measure_bridges():
    """The same child behind other bridges; all processes of a server count, the child too."""
    say("the same stdio child behind supergateway and mcp-proxy")
    with Started() as started:
        started["agentgateway"] = servers.start_open(servers.CHILD_TARGET)
        started["agentgateway, token and rules"] = servers.start_mcp(servers.CHILD_TARGET)
        for name, command in servers.BRIDGE_COMMANDS.items():
            started[name] = servers.start_bridge(command)
        with_token = "agentgateway, token and rules"

        def ask(server, name):
            few = name in servers.BRIDGE_COMMANDS
            return load.tools_call(server, token=servers.TOKEN if name == with_token else None,
                                   requests=3000 if few else 30000, warm_up=300 if few else 3000, with_children=True)

        lines = rounds(started, ask)
    return summary_of(lines, "agentgateway")


def measure_latency():
    say("latency, one connection")
    upstream = servers.free_port()
    with Started() as started:
        start_proxies(started, upstream)
        started["stdio child"] = servers.start_mcp(servers.CHILD_TARGET)
        lines = rounds(started, lambda server, name:
                       load.tools_call(server, connections=1, requests=3000, warm_up=300)
                       if name == "stdio child"
                       else load.proxy(server, upstream, connections=1, requests=3000, warm_up=300))
    return summary_of(lines, "agentgateway")


def measure_memory():
    found = {"idle": {}, "streams": {}}
    for count in (1000, 9000):
        found["idle"][count] = {}
        for name, start in servers.PROXIES.items():
            if name == "byte pump":
                continue
            upstream = servers.free_port()
            with start(upstream) as server:
                line = load.run("--port", server.port, "--upstream", upstream, "--pids",
                                load.pids_of(server), "--idle", count)
            found["idle"][count][name] = line
            say(f"  {count} idle connections, {name}: {line['rss_before_kb']} -> {line['rss_kb']} kB")
    with servers.start_open(servers.DEMO_TARGET) as server:
        line = load.run("--port", server.port, "--pids", load.pids_of(server), "--streams", 1000)
    found["streams"] = line
    say(f"  1000 sessions with an open stream: {line}")
    return found


def measure_sessions():
    say("new sessions, and a list of 1,000 tools over 10 targets")
    found = sessions.measure(servers.EVERYTHING)
    say(f"  {json.dumps(found)}")
    return found


PARTS = {
    "proxy": measure_proxy,
    "tools": measure_tools,
    "bridges": measure_bridges,
    "latency": measure_latency,
    "memory": measure_memory,
    "sessions": measure_sessions,
    "instructions": instructions.measure,
}


def main():
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        raise SystemExit(f"bench: no part {unknown[0]}; there are: {' '.join(PARTS)}")
    if load_test.main() != 0:
        raise SystemExit("bench: the load generator misses faults; nothing it says counts")
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name in wanted:
        found = PARTS[name]()
        # Through JSON at once, so that fresh and kept parts look the same.
        kept[name] = json.loads(json.dumps({
            "found": found, "at": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "commit": report.commit(), "rounds": ROUNDS, "load": os.getloadavg()[1]}))
        KEPT.write_text(json.dumps(kept, indent=1))
    text = report.markdown(kept)
    (servers.ROOT / "bench/results.md").write_text(text)
    say(text)


if __name__ == "__main__":
    main()
