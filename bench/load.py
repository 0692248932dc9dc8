"""Runs the load generator once and gives its line of JSON; anything wrong ends the benchmark."""

import json
import subprocess

import servers


def run(*options, pinned=True):
    command = ["taskset", "-c", servers.LOAD_CORE] if pinned else []
    command += [str(servers.BUILD / "load/load"), *(str(option) for option in options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def pids_of(server):
    return ",".join(str(pid) for pid in server.pids())


def proxy(server, upstream, mode="json", connections=64, requests=30000, warm_up=3000):
    return run("--port", server.port, "--upstream", upstream, "--pids", pids_of(server), "--mode", mode,
               "--connections", connections, "--requests", requests, "--warm-up", warm_up,
               "--token", servers.TOKEN)


def tools_call(server, connections=64, requests=30000, warm_up=3000, token=servers.TOKEN, with_children=False):
    """`token` is a file: a token a line, each request takes the next one; None: anonymous."""
    credentials = ("--token", token) if token else ()
    counted = ("--tree", server.process.pid) if with_children else ("--pids", pids_of(server))
    return run("--port", server.port, *counted, "--mode", "mcp", "--connections", connections,
               "--requests", requests, "--warm-up", warm_up, *credentials)
