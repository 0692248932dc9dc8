#!/usr/bin/env python3
"""The MCP server of mcp_fixture.py over Streamable HTTP: a peer for tests.

    mcp_http_fixture.py [--port N] [--log FILE] [--answers json|sse] [--stateless] [--no-stream] [--page N]

It prints `listening on PORT` and serves at /mcp. An answer is JSON unless something comes before it or `--answers sse`
says so. `/status/503`, `/redirect`, `/html`, `/silent` and `/cut` are what their names say. Every request is written to
--log as a line of JSON. Besides the tools of the other fixture: `headers` (of the request that called it), `forget`
(the server forgets all sessions before the next request).
"""

import argparse
import http.server
import json
import pathlib
import queue
import re
import sys
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import mcp_fixture  # noqa: E402

SESSION = "mcp-session-id"
OUTSIDE = ("/list_changed", "/updated")  # ends of methods that belong to no call

current = threading.local()  # .channel: what the thread's request is answered on
sessions = {}  # id -> queue of messages for its GET stream
lock = threading.Lock()


class Channel:
    """The answer to one POST: JSON if its first message is the result, else events."""

    def __init__(self, handler, session, must_stream):
        self.handler, self.session, self.must_stream = handler, session, must_stream
        self.is_streaming = self.is_done = False

    def send(self, message):
        if "method" in message and message["method"].endswith(OUTSIDE):
            return sessions[self.session].put(message)
        is_result = "method" not in message
        text = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()
        if is_result and not self.is_streaming and not self.must_stream:
            self.handler.answer(200, "application/json", text, self.session)
        else:
            if not self.is_streaming:
                self.handler.begin_stream(self.session)
                self.is_streaming = True
            self.handler.chunk(b"event: message\ndata: " + text + b"\n\n")
            if is_result:
                self.handler.end_stream()
        self.is_done = self.is_done or is_result
        return None


def handle_call(params, identity, handler):
    """The tools that only a server over HTTP has; true if it was one of them."""
    name = params.get("name")
    if name == "headers":
        mcp_fixture.reply(identity, mcp_fixture.text(json.dumps({key.lower(): value for key, value in handler.headers.items()})))
    elif name == "forget":
        mcp_fixture.reply(identity, mcp_fixture.text("forgotten"))
        with lock:
            sessions.clear()
    return name in ("headers", "forget")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    options = None

    # -- answers ------------------------------------------------------------------------------

    def answer(self, status, content_type=None, body=b"", session=None, extra=()):
        self.send_response(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        if session:
            self.send_header("Mcp-Session-Id", session)
        for name, value in extra:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code, text):
        self.answer(status, "application/json", json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": text}}).encode())

    def begin_stream(self, session):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        if session:
            self.send_header("Mcp-Session-Id", session)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")

    # -- requests -----------------------------------------------------------------------------

    def note(self, message):
        if self.options.log:
            line = {"http": self.command, "path": self.path, "message": message,
                    "headers": {name.lower(): value for name, value in self.headers.items()}}
            with lock, open(self.options.log, "a") as file:
                file.write(json.dumps(line) + "\n")

    def misbehave(self):
        status = re.match(r"/status/(\d+)$", self.path)
        if status:
            self.answer(int(status.group(1)), "text/plain", b"as told")
        elif self.path == "/redirect":
            self.answer(307, extra=[("Location", f"http://127.0.0.1:{self.server.server_address[1]}/mcp")])
        elif self.path == "/html":
            self.answer(200, "text/html", b"<html>")
        elif self.path == "/silent":
            time.sleep(30)
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b'{"jsonrpc"')
            self.close_connection = True
        else:
            self.answer(404, "text/plain", b"no such path")

    def known_session(self):
        """The session that the request names; None after a refusal."""
        named = self.headers.get(SESSION)
        if self.options.stateless:
            return ""
        if named is None:
            self.refuse(400, -32000, "Bad Request: Mcp-Session-Id header is required")
        elif named not in sessions:
            self.refuse(404, -32001, "Session not found")
        else:
            return named
        return None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path != "/mcp":
            self.note(None)
            return self.misbehave()
        message = json.loads(body)
        self.note(message)
        if message.get("method") == "initialize":
            session = "" if self.options.stateless else uuid.uuid4().hex
            if session:
                sessions[session] = queue.Queue()
        else:
            session = self.known_session()
            if session is None:
                return None
        if "id" not in message or "method" not in message:
            mcp_fixture.handle(self.options, message)
            return self.answer(202)
        return self.serve(message, session)

    def serve(self, message, session):
        current.channel = Channel(self, session, self.options.answers == "sse")
        params = message.get("params") or {}
        if message["method"] == "tools/call" and handle_call(params, message["id"], self):
            return
        try:
            mcp_fixture.handle(self.options, message)
        except OSError:
            self.close_connection = True
        if not current.channel.is_done:  # `never`, and what was cancelled
            time.sleep(30)

    def do_GET(self):
        self.note(None)
        if self.path != "/mcp":
            return self.misbehave()
        if self.options.no_stream:
            return self.answer(405)
        session = self.known_session()
        if session is None:
            return None
        messages = sessions[session]
        self.begin_stream(session)
        try:
            while session in sessions:
                try:
                    message = messages.get(timeout=0.2)
                except queue.Empty:
                    self.chunk(b": waiting\n\n")
                    continue
                self.chunk(b"data: " + json.dumps(message).encode() + b"\n\n")
            self.end_stream()
        except OSError:
            self.close_connection = True

    def do_DELETE(self):
        self.note(None)
        session = self.known_session()
        if session is not None:
            sessions.pop(session, None)
            self.answer(204)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):  # the gateway closes what it needs no more
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log")
    parser.add_argument("--answers", choices=("json", "sse"), default="json")
    parser.add_argument("--stateless", action="store_true")
    parser.add_argument("--no-stream", action="store_true")
    parser.add_argument("--page", type=int, default=0)
    parser.add_argument("--version")
    Handler.options = parser.parse_args()
    mcp_fixture.TOOLS.update(headers="The fields of the request.", forget="Forgets all sessions.")
    # Each request has a thread of its own, so nothing has to be moved to the background.
    mcp_fixture.background = lambda work: work()
    mcp_fixture.send = lambda message: current.channel.send(message)
    server = Server(("127.0.0.1", Handler.options.port), Handler)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
