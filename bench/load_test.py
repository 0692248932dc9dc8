#!/usr/bin/env python3
"""Judges the judge: a proxy that breaks one thing at a time, and the load generator must notice it.

    bench/load_test.py      exit status 1 if a fault goes unnoticed, or if a good proxy is blamed
"""

import json
import re
import socket
import subprocess
import sys
import threading

import servers


def read_message(stream):
    """One HTTP message as bytes, or nothing at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return None
        head += line
    length = re.search(rb"(?i)content-length: (\d+)", head)
    if length:
        return head + stream.read(int(length[1]))
    body = b""
    while b"chunked" in head.lower():
        size = stream.readline()
        body += size + stream.read(int(size, 16) + 2)
        if int(size, 16) == 0:
            break
    return head + body


def same(message):
    return message


def changed(old, new):
    return lambda message: message.replace(old, new, 1)


# name -> (what happens to requests, what happens to answers, mode, whether it must be noticed)
FAULTS = {
    "nothing, json": (same, same, "json", False),
    "nothing, chunked": (same, same, "chunked", False),
    "nothing, sse": (same, same, "sse", False),
    "one byte of a request": (changed(b"xxx", b"xyx"), same, "json", True),
    "one byte of an answer": (same, changed(b"xxx", b"xyx"), "json", True),
    "one byte of a chunk": (same, changed(b"xxx", b"xyx"), "chunked", True),
    "another status": (same, changed(b" 200 ", b" 201 "), "json", True),
    "another number": (same, lambda m: re.sub(rb'"id":\d', b'"id":7', m, count=1), "json", True),
    "an event is lost": (same, changed(b"data: {", b": {"), "sse", True),
    "bytes too many": (same, lambda m: m + b"!", "json", True),
    "an answer twice": (same, lambda m: m + m, "json", True),
    "half an answer": (same, lambda m: m[:-100] + b"", "json", True),
    "no answer": (same, lambda m: b"", "json", True),
    "a wrong chunk size": (same, lambda m: re.sub(rb"\r\n12c\r\n", b"\r\n12b\r\n", m), "chunked", True),
}


def serve(client, upstream_port, on_request, on_answer):
    with client, socket.create_connection(("127.0.0.1", upstream_port)) as upstream:
        from_client, from_upstream = client.makefile("rb"), upstream.makefile("rb")
        count = 0
        while message := read_message(from_client):
            count += 1
            upstream.sendall(on_request(message) if count == 3 else message)
            answer = read_message(from_upstream)
            if answer is None:
                return
            sent = on_answer(answer) if count == 3 else answer
            client.sendall(sent)
            if len(sent) < len(answer) - 50:
                return


def accept(listener, *how):
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=serve, args=(client, *how), daemon=True).start()


def verdict(name):
    """What is wrong with the generator's verdict; empty if it is right."""
    on_request, on_answer, mode, is_fault = FAULTS[name]
    upstream = servers.free_port()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener, upstream, on_request, on_answer), daemon=True).start()
        done = subprocess.run(
            [str(servers.BUILD / "load/load"), "--port", str(listener.getsockname()[1]), "--upstream",
             str(upstream), "--mode", mode, "--connections", "2", "--requests", "20", "--seconds", "2"],
            capture_output=True, text=True, check=False)
    line = json.loads(done.stdout)
    has_noticed = done.returncode == 1 and line["errors"] + line["altered"] > 0
    is_content = done.returncode == 0 and line["errors"] + line["altered"] == 0 and line["requests"] == 20
    if is_fault:
        return "" if has_noticed else f"not noticed: {done.stdout}"
    return "" if is_content else f"blamed: {done.stdout}"


def main():
    wrong = {name: why for name in FAULTS if (why := verdict(name))}
    for name, why in wrong.items():
        print(f"load_test: {name}: {why}")
    print(f"load_test: {len(FAULTS)} cases, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
