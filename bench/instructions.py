"""User-space instructions a request, by callgrind: the difference of a long and a short run, so that
start-up and shutdown fall out. The steadiest figure there is: it does not depend on the machine's load.

    bench/instructions.py proxy|demo|http|stdio [LINES]    where they go, function by function
    bench/instructions.py check                       compares with bench/budget.json; exit status 1 if
                                                      a job costs over 5 % more than it says
"""

import atexit
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import load
import servers

SHORT, LONG = 500, 2500
CONNECTIONS = 16


def one_run(start, ask, requests, keep):
    """Instructions of a server that serves so many requests."""
    # One file a process: what the server forks would write over its counts.
    wrapper = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={keep}.%p"]
    with start(wrapper) as server:
        ask(server, requests)
        pid = server.process.pid
    keep.with_name(f"{keep.name}.{pid}").rename(keep)
    for line in keep.read_text().splitlines():
        if line.startswith(("summary:", "totals:")):
            return int(line.split()[1])
    raise SystemExit(f"bench: callgrind wrote no totals to {keep}")


def count(start, ask, folder):
    folder = pathlib.Path(folder)
    short = one_run(start, ask, SHORT, folder / "short")
    long = one_run(start, ask, LONG, folder / "long")
    return (long - short) / (LONG - SHORT)


def proxy_job(start):
    upstream = servers.free_port()
    return (lambda wrapper: start(upstream, wrapper),
            lambda server, requests: load.proxy(server, upstream, connections=CONNECTIONS,
                                                requests=requests, warm_up=0))


def tool_job(target):
    return (lambda wrapper: servers.start_mcp(target, wrapper),
            lambda server, requests: load.tools_call(server, connections=CONNECTIONS,
                                                     requests=requests, warm_up=0))


def http_job():
    echo = servers.start_echo()
    atexit.register(echo.stop)
    return tool_job(servers.http_target(echo.port))


JOBS = {
    "proxy": lambda: proxy_job(servers.start_proxy),
    "demo": lambda: tool_job(servers.DEMO_TARGET),
    "http": http_job,
    "stdio": lambda: tool_job(servers.CHILD_TARGET),
    "nginx": lambda: proxy_job(servers.start_nginx),
    "haproxy": lambda: proxy_job(servers.start_haproxy),
    "pump": lambda: proxy_job(servers.start_pump),
}


def measure(names=tuple(JOBS)):
    found = {}
    for name in names:
        with tempfile.TemporaryDirectory(prefix="agw-bench-") as folder:
            found[name] = round(count(*JOBS[name](), folder))
        print(f"instructions {name}: {found[name]}", flush=True)
    return found


LINE = re.compile(r"\s*([\d,]+)\s*(?:\([ \d.]+%\))?\s+(\S.*)$")
SHORTER = [("std::basic_string_view<char, std::char_traits<char> >", "string_view"),
           ("std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "string")]


def by_function(path):
    done = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", str(path)],
                          capture_output=True, text=True, check=True)
    found = {}
    for line in done.stdout.splitlines():
        match = LINE.match(line)
        if not match or "PROGRAM TOTALS" in line:
            continue
        name = re.sub(r" \[[^\]]*\]$", "", match.group(2)).partition(":")[2] or match.group(2)
        for long, short in SHORTER:
            name = name.replace(long, short)
        found[name] = found.get(name, 0) + int(match.group(1).replace(",", ""))
    return found


def profile(name, lines):
    with tempfile.TemporaryDirectory(prefix="agw-bench-") as folder:
        total = count(*JOBS[name](), folder)
        short, long = by_function(f"{folder}/short"), by_function(f"{folder}/long")
    print(f"{total:10.0f} a request in all")
    rows = sorted(((long[key] - short.get(key, 0)) / (LONG - SHORT), key) for key in long)
    for cost, key in rows[: -lines - 1 : -1]:
        print(f"{cost:10.0f} {key[:160]}")


def check():
    """A change that makes a request dearer says so in the budget, or is mended."""
    budget = json.loads((servers.ROOT / "bench/budget.json").read_text())
    found = measure(tuple(budget))
    over = {name: count for name, count in found.items() if count > budget[name] * 1.05}
    for name, count in over.items():
        print(f"instructions: {name} costs {count}, and its budget is {budget[name]} and 5 %")
    for name, count in found.items():
        if count < budget[name] * 0.95:
            print(f"instructions: {name} costs {count} only: lower its budget of {budget[name]}")
    print(f"{len(found) - len(over)} passed, {len(over)} failed", flush=True)
    return 1 if over else 0


if __name__ == "__main__":
    if sys.argv[1] == "check":
        sys.exit(check())
    profile(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 50)
