#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gate.py ADDRESS: a web server on port 80 that takes what is posted to it and says a short word."""
import http.server
import sys


class Gate(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    do_GET = do_POST

    def log_message(self, *_):
        """Nothing: the recording is the log."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer((sys.argv[1], 80), Gate).serve_forever()
