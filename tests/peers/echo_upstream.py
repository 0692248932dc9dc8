"""A plain HTTP upstream for cases: answers with what it received as JSON.

`/status/503` answers with that status, `/wait/500` after so many milliseconds.
"""

import http.server
import json
import re
import sys
import threading
import time


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        size = int(self.headers.get("content-length", 0))
        body = self.rfile.read(size)
        status = re.match(r"/status/(\d+)", self.path)
        wait = re.match(r"/wait/(\d+)", self.path)
        if wait:
            time.sleep(int(wait.group(1)) / 1000)
        answer = json.dumps({"upstream": self.server.name, "method": self.command, "path": self.path,
                             "headers": {name.lower(): value for name, value in self.headers.items()},
                             "body": body.decode("latin1")}).encode()
        self.send_response(int(status.group(1)) if status else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Upstream", self.server.name)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = handle_any

    def log_message(self, *_):
        pass


class EchoServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, name):
        super().__init__(("127.0.0.1", 0), Echo)
        self.name = name
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        # A gateway that leaves in the middle of an answer is what some cases are about.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)
