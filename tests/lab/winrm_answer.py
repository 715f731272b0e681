#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""winrm_answer.py ADDRESS: answers Windows Remote Management on port 5985 as far as a client that runs commands needs it
(MS-WSMV 3.1.4): a shell is made, commands in it print a line and end, the shell is deleted. No command is carried out."""
import base64
import http.server
import re
import sys
import uuid

ENVELOPE = ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
            'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header>'
            '<a:RelatesTo>{to}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>')
DONE = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"


def body_of(action):
    """The answer to an action."""
    name = action.rsplit("/", 1)[-1]
    if name == "Create":
        return f'<rsp:Shell><rsp:ShellId>{uuid.uuid4()}</rsp:ShellId></rsp:Shell><w:Selector Name="ShellId">{uuid.uuid4()}</w:Selector>'
    if name == "Command":
        return f"<rsp:CommandResponse><rsp:CommandId>{uuid.uuid4()}</rsp:CommandId></rsp:CommandResponse>"
    if name == "Receive":
        text = base64.b64encode(b"corp\\administrator\r\n").decode()
        return (f'<rsp:ReceiveResponse><rsp:Stream Name="stdout">{text}</rsp:Stream>'
                f'<rsp:CommandState State="{DONE}"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse>')
    return "<rsp:SignalResponse/>" if name == "Signal" else ""


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""

    def do_POST(self):
        asked = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("utf-8", "replace")
        if not self.headers.get("Authorization"):
            self.say(401, "")
            return
        action, message = (re.search(f"<a:{tag}[^>]*>([^<]*)<", asked) for tag in ("Action", "MessageID"))
        self.say(200, ENVELOPE.format(to=message.group(1) if message else "", body=body_of(action.group(1) if action else "")))

    def say(self, status, text):
        data = text.encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="WSMAN"')
        self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Nothing: the recording is the log."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer((sys.argv[1], 5985), Answer).serve_forever()
