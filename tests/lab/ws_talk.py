#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ws_talk.py serve ADDRESS PORT [shell|page]  |  ws_talk.py MODE URL [FILE]: both ends of WebSockets, by python3-websockets.

serve   takes what comes; `shell`: types commands to whoever connects; `page`: answers each message with a short text
upload  a file in binary messages of 16 KiB behind a text that names it; `words`: the same in base64 within texts
shell   runs what comes by /bin/sh and sends what it says (FILE: ignored); `page`: what a page of talk and notes sends
A path that ends in /plain is spoken to without compression (RFC 7692).
"""
import asyncio
import base64
import json
import subprocess
import sys

import websockets

COMMANDS = ["id", "whoami", "uname -a", "pwd", "ls -l /", "cat /etc/hostname", "nosuchcommand", "ls -la /var"]
PIECE = 16384


async def type_commands(ws):
    for command in COMMANDS:
        await ws.send(command + "\n")
        await asyncio.wait_for(ws.recv(), 5)
        await asyncio.sleep(0.4)


async def serve(address, port, mode):
    async def on_client(ws, *_):
        if mode == "shell":
            await type_commands(ws)
            await ws.close()
            return
        async for n in ws:
            if mode == "page":
                await ws.send(json.dumps({"type": "ack", "of": len(n), "users": ["anna", "ben"]}))

    compression = None if mode == "plain" else "deflate"
    async with websockets.serve(on_client, address, port, compression=compression, max_size=None):
        await asyncio.Future()


async def upload(ws, data):
    await ws.send(json.dumps({"type": "file", "name": "report", "size": len(data)}))
    for at in range(0, len(data), PIECE):
        await ws.send(data[at : at + PIECE])
        await asyncio.sleep(0.02)
    await ws.send(json.dumps({"type": "end"}))


async def words(ws, data):
    for at in range(0, len(data), 1500):
        await ws.send(json.dumps({"seq": at, "data": base64.b64encode(data[at : at + 1500]).decode()}))
        await asyncio.sleep(0.05)


async def shell(ws, _):
    async for line in ws:
        done = subprocess.run(["/bin/sh"], input=line.encode(), capture_output=True, check=False)
        out = done.stdout + done.stderr
        await ws.send(out.decode(errors="replace") or "\n")


async def page(ws, data):
    for i in range(40):
        await ws.send(json.dumps({"type": "cursor", "x": 17 * i % 640, "y": 31 * i % 480, "user": "anna"}))
        await ws.send(json.dumps({"type": "text", "body": f"Point {i}: tea, bread and the weather of the coming week."}))
        await ws.recv()
        await ws.recv()
    picture = "data:image/png;base64," + base64.b64encode(data).decode()
    await ws.send(json.dumps({"type": "picture", "body": picture}))
    await ws.recv()
    await ws.send(data)
    await ws.recv()


async def ask(mode, url, path):
    data = b""
    if path:
        with open(path, "rb") as f:
            data = f.read()
    compression = None if url.endswith("/plain") else "deflate"
    async with websockets.connect(url, compression=compression, max_size=None) as ws:
        try:
            await {"upload": upload, "words": words, "shell": shell, "page": page}[mode](ws, data)
        except websockets.ConnectionClosed:
            pass


def main(argv):
    if len(argv) > 3 and argv[1] == "serve":
        asyncio.run(serve(argv[2], int(argv[3]), argv[4] if len(argv) > 4 else ""))
    elif len(argv) > 2 and argv[1] in ("upload", "words", "shell", "page"):
        asyncio.run(ask(argv[1], argv[2], argv[3] if len(argv) > 3 else None))
    else:
        sys.exit(__doc__)


main(sys.argv)
