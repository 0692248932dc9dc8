"""bench/results.md from what was measured."""

import json
import os
import re
import subprocess

import servers

RESULTS = servers.ROOT / "bench/results.md"
HISTORY = "## History"


def output_of(*command):
    try:
        done = subprocess.run(command, cwd=servers.ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "not installed"
    return (done.stdout + done.stderr).strip()


def commit():
    return output_of("git", "describe", "--always", "--dirty")


def first_line(text):
    return text.splitlines()[0] if text else "unknown"


def machine():
    """How many processors there were: more of the machine says nothing about the ratios."""
    return f"{os.cpu_count()} virtual cores"


def versions():
    return [
        ("agentgateway", first_line(output_of(str(servers.gateway_binary()), "-V"))),
        ("nginx", first_line(output_of("/usr/sbin/nginx", "-v"))),
        ("haproxy", first_line(output_of("/usr/sbin/haproxy", "-v"))),
        ("valgrind", first_line(output_of("valgrind", "--version"))),
        *bridge_versions(),
        ("compiler", first_line(output_of("g++", "--version"))),
    ]


def bridge_versions():
    wanted = json.loads((servers.BRIDGES / "package.json").read_text())["dependencies"]
    return [*wanted.items(), ("node", first_line(output_of("node", "--version")))]


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def stamp(part):
    return (f"{part['at']}, commit {part['commit']}, {part['rounds']} rounds, "
            f"load average {part['load']:.1f}\n")


def inverse(entry):
    """Ratio of the base to this one, as median and range."""
    return f"{1 / entry['ratio']:.2f} ({1 / entry['ratio_max']:.2f}-{1 / entry['ratio_min']:.2f})"


def cpu_rows(found, base):
    return [(name, f"{entry['cpu_us']:.1f}", "1" if name == base else inverse(entry),
             f"{entry['per_second']:.0f}", f"{entry['p50_us']:.0f}", f"{entry['p99_us']:.0f}")
            for name, entry in found.items()]


def proxy_part(part):
    text = "## Plain proxying\n\n" + stamp(part) + """
POST with a 980-byte head and 300 bytes of JSON, 64 connections, closed loop; 600 bytes back with a length,
in two chunks, or as three events. CPU time of the server's process. The ratio is ours to theirs, median and
range of the rounds: below 1 we are cheaper. agentgateway writes its access log, the others write none.

"""
    for mode, found in part["found"].items():
        text += f"{mode}:\n\n" + table(
            ["server", "CPU us a request", "agentgateway / it", "requests/s", "p50 us", "p99 us"],
            cpu_rows(found, "agentgateway")) + "\n"
    return text


def tools_part(part):
    return "## tools/call\n\n" + stamp(part) + """
The walkthrough's rules, an ES256 token (in the cache after the first call), one session, 64 connections; "a new
token each": every request carries another valid token of the same caller, which was never verified before. The
stdio child and the HTTP target are C++ programs of this folder whose CPU time is not counted; the demo target
runs inside the gateway, and its is. The proxies below do plain proxying in the same rounds; the ratio is the
stdio row to them.

""" + table(["server", "CPU us a request", "stdio child / it", "requests/s", "p50 us", "p99 us"],
            cpu_rows(part["found"], "stdio child"))


def bridges_part(part):
    found = part["found"]
    rows = [(name, f"{entry['cpu_us']:.0f}", "1" if name == "agentgateway" else f"{entry['ratio']:.1f} "
             f"({entry['ratio_min']:.1f}-{entry['ratio_max']:.1f})",
             f"{entry['per_second']:.0f}", f"{entry['p50_us']:.0f}", f"{entry['p99_us']:.0f}")
            for name, entry in found.items()]
    return "## The same stdio child behind other bridges\n\n" + stamp(part) + """
tools/call from the same client to the same C++ child, one session, 64 connections. CPU time of the whole process
tree, the child's and helpers' included. The bridges check no token and no rule; agentgateway is there without
and with them. Their versions are pinned in bench/bridges/package-lock.json.

""" + table(["server", "CPU us a request, all processes", "it / agentgateway", "requests/s", "p50 us", "p99 us"], rows)


def latency_part(part):
    found = part["found"]
    floor = found["byte pump"]["p50_us"]
    rows = [(name, f"{entry['p50_us']:.0f}", f"{entry['p50_us'] - floor:+.0f}", f"{entry['p99_us']:.0f}")
            for name, entry in found.items()]
    return "## Latency of one connection\n\n" + stamp(part) + """
One request at a time; wake-ups across cores are most of it. The stdio row is tools/call with token and rules.

""" + table(["server", "p50 us", "against the pump", "p99 us"], rows)


def memory_part(part):
    found = part["found"]
    rows = []
    for count, servers_found in found["idle"].items():
        for name, line in servers_found.items():
            grown = line["rss_kb"] - line["rss_before_kb"]
            rows.append((count, name, line["rss_before_kb"], line["rss_kb"], f"{grown / int(count):.2f}"))
    streams = found["streams"]
    count = streams["streams"]
    sessions = streams["rss_sessions_kb"] - streams["rss_before_kb"]
    opened = streams["rss_kb"] - streams["rss_sessions_kb"]
    return "## Memory\n\n" + stamp(part) + """
Resident memory of the process in kB; every connection has had one request and is idle.

""" + table(["connections", "server", "before", "with them", "kB each"], rows) + f"""
{count} MCP sessions with the demo target: {streams['rss_before_kb']} -> {streams['rss_sessions_kb']} kB,
{sessions / count:.2f} kB each; a GET stream open for each: {streams['rss_kb']} kB, {opened / count:.2f} kB more
each (with its connection).
"""


def sessions_part(part):
    found = part["found"]
    rows = [(name, f"{entry['p50_ms']:.1f}", f"{entry['p90_ms']:.1f}", entry["count"])
            for name, entry in found["answers"].items()]
    first, later = found["list"]["first"], found["list"]["later"]
    return "## New sessions and long lists\n\n" + stamp(part) + """
From `initialize` to its answer, on a connection that is there already, one session after the other.

""" + table(["child of a stdio target", "p50 ms", "p90 ms", "sessions"], rows) + f"""
tools/list of 1,000 tools over 10 children, names prefixed, all pages: the first list of a session {first['p50_ms']:.1f} ms (p90
{first['p90_ms']:.1f}), later ones {later['p50_ms']:.1f} ms (p90 {later['p90_ms']:.1f}).
"""


def instructions_part(part):
    names = {"proxy": "agentgateway, plain proxying", "demo": "agentgateway, tools/call to the demo target",
             "http": "agentgateway, tools/call to an HTTP target",
             "stdio": "agentgateway, tools/call to a stdio child", "nginx": "nginx, plain proxying",
             "haproxy": "haproxy, plain proxying", "pump": "byte pump"}
    rows = [(names[name], f"{count:,}") for name, count in part["found"].items()]
    return "## User instructions a request\n\n" + stamp(part) + """
By callgrind: a run of 2,500 requests less one of 500, over 16 connections, one worker. The kernel's share is
not in it. callgrind has no SHA instructions, so digests weigh more than in life. Repeats to about 1 %.

""" + table(["job", "instructions"], rows)


WRITERS = {"proxy": proxy_part, "tools": tools_part, "bridges": bridges_part, "latency": latency_part, "memory": memory_part,
           "sessions": sessions_part,
           "instructions": instructions_part}


def history(kept):
    """The lines there are, and one for the newest instruction counts if it is a new measurement."""
    old = RESULTS.read_text() if RESULTS.exists() else ""
    rows = [line for line in old.partition(HISTORY)[2].splitlines() if re.match(r"\| \d{4}-", line)]
    part = kept.get("instructions")
    if part:
        found = part["found"]
        cells = [part["at"], part["commit"], *(f"{found[name]:,}" if name in found else ""
                                               for name in ("proxy", "demo", "stdio"))]
        row = "| " + " | ".join(cells) + " |"
        if row not in rows:
            rows.append(row)
    return HISTORY + "\n\nInstructions a request, one line each time they were measured.\n\n" + "\n".join(
        ["| when | commit | plain proxying | tools/call, demo | tools/call, stdio |", "|---|---|---|---|---|", *rows]
    ) + "\n"


def markdown(kept):
    text = """# Benchmark results

Written by `./dev bench` (bench/run.py); do not edit by hand. Judge by the ratios, which candidates measured in
turns in the same minutes give, and by instructions; microseconds depend on the machine and on what else it does.
Every answer was checked (status, number, each byte of the body, events), and every request as the upstream
got it: with a single wrong one there is no result.

To repeat: `./dev bench`, or one part: `./dev bench proxy|tools|bridges|latency|memory|sessions|instructions`. Where the
instructions go: `python3 bench/instructions.py proxy|demo|http|stdio`.

"""
    text += f"Machine: {machine()}.\n\n" + table(["program", "version"], versions()) + "\n"
    for name, write in WRITERS.items():
        if name in kept:
            text += write(kept[name]) + "\n"
    return text + history(kept)
