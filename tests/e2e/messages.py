#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""messages.py --exfild PROGRAM --exfilctl PROGRAM: what signed messages over Redis make a running exfild do.

A client and a gateway in network namespaces, a real redis-server with an ACL user of the rights that docs/MESSAGES.md gives, and a
running exfild. An indicator that comes by the stream intel is an alert within a second; a forged, an old, a repeated, an
oversized message and one that is none change nothing, are counted and are an alert; after Redis or exfild was killed and
started again new messages are done and old ones are not. The two signing examples of docs/MESSAGES.md are run as they stand there."""
import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import harness
import live_net
from redis_publish import Server

KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
CLIENT, BAD = "10.73.1.10", ["203.0.113.%d" % n for n in range(60, 80)]


def message(body, stream="intel", key=KEY, age=0, nonce=None):
    """The fields of a message."""
    text = body if isinstance(body, str) else json.dumps(body)
    when, nonce = str(int(time.time()) - age), nonce or secrets.token_hex(16)
    mac = hmac.new(key.encode(), f"{stream}\n{when}\n{nonce}\n{text}".encode(), hashlib.sha256).hexdigest()
    return ["time", when, "nonce", nonce, "body", text, "mac", mac]


class Lab:
    def __init__(self, arguments):
        self.o = arguments
        self.folder = tempfile.mkdtemp(prefix="exfild-messages-")
        self.nets = live_net.Nets("c", "g", "s")
        self.redis = self.live = None

    def __enter__(self):
        self.nets.__enter__()
        self.nets.link("c", "e0", "g", "g0")
        self.nets.ip("c", f"addr add {CLIENT}/24 dev e0")
        self.nets.ip("c", "route add default via 10.73.1.1")
        self.nets.ip("g", "addr add 10.73.1.1/24 dev g0")
        self.nets.link("g", "g1", "s", "e0")
        self.nets.ip("g", "addr add 198.51.100.1/24 dev g1")
        self.nets.ip("s", "addr add 198.51.100.2/24 dev e0")
        self.nets.ip("g", "route add default via 198.51.100.2")
        self.nets.ip("s", "route add default via 198.51.100.1")
        self.nets.run("g", "sysctl -qw net.ipv4.ip_forward=1")
        for address in BAD:
            self.nets.ip("s", f"addr add {address}/32 dev lo")
        for name, text in (("key", KEY + "\n"), ("pass", "secret\n")):
            with open(f"{self.folder}/{name}", "w", encoding="ascii") as stream:
                stream.write(text)
            os.chmod(f"{self.folder}/{name}", 0o600)
        with open(self.folder + "/leases", "w", encoding="ascii") as stream:
            stream.write("# nobody yet\n")
        self.start_redis()
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        def listen():
            return socket.create_server(("0.0.0.0", 8080))
        server = self.nets.inside("s", listen)
        while True:
            peer = server.accept()[0]
            peer.recv(1000)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            peer.close()

    def __exit__(self, *_):
        if self.live:
            self.live.close()
        self.redis.stop()
        self.nets.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_redis(self):
        self.redis = Server(self.folder, "--appendonly", "yes", "--appendfsync", "always")
        with open(os.path.join(harness.SOURCE, "docs/MESSAGES.md"), encoding="utf-8") as stream:
            rights = re.search(r"^ACL SETUSER (exfild .*)$", stream.read(), re.M).group(1).replace("PASSWORD", "secret")
        self.redis.client("ACL", "SETUSER", *rights.split())

    def start(self, *sets):
        self.live = live_net.Live(
            self.nets, "g", self.o.exfild, "-i", "g0", "--inside", "10.73.1.0/24", "--set", f"redis.url={self.redis.url}", "--set",
            "redis.username=exfild", "--set", f"redis.password_file={self.folder}/pass", "--set",
            f"redis.signed.key_file={self.folder}/key", "--set", "redis.signed.intel=true", "--set", "redis.signed.identity=true", "--set", "privacy.users=clear",
            "--set", f"identity.file={self.folder}/leases", *sets)

    def send(self, fields, stream="intel"):
        return self.redis.client("XADD", f"exfild:{stream}", "*", *fields)

    def connect(self, address):
        def go():
            s = socket.create_connection((address, 8080), 5)
            s.sendall(b"GET / HTTP/1.1\r\nHost: x.example\r\n\r\n")
            s.recv(1000)
            s.close()
        self.nets.inside("c", go)

    def alerted(self, address):
        return any(a["rule"]["id"] == "intel:local" and a["destination"]["ip"] == address for a in self.live.alerts())

    def told(self):
        """Counters of the stream intel, as `exfilctl status --json` gives them."""
        done = subprocess.run([self.o.exfilctl, "-s", self.live.control, "--json", "status"], stdout=subprocess.PIPE, check=False)
        try:
            return json.loads(done.stdout)["result"]["signed"]["streams"][0]
        except (ValueError, KeyError):
            return {}

    def wait(self, condition, seconds=5.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return time.monotonic() - deadline + seconds
            time.sleep(0.02)
        return None

    def listed(self, address):
        done = subprocess.run([self.o.exfilctl, "-s", self.live.control, "intel", "search", address], stdout=subprocess.PIPE, check=False)
        return b"local" in done.stdout


def added(check, lab):
    """An indicator by message is an alert within a second; a removed one is none."""
    began = time.monotonic()
    lab.send(message({"add": [BAD[0], "evil.example"], "reason": "case 12"}))

    def heard():
        lab.connect(BAD[0])
        return lab.alerted(BAD[0])
    lab.wait(heard, 5)
    took = time.monotonic() - began
    check(lab.alerted(BAD[0]) and took < 1, "from the message to the alert in under a second", f"{took:.2f} s; {lab.live.err()[-600:]}")
    print(f"    {took:.2f} s")
    check(lab.listed("evil.example"), "the second value of the message counts too")
    lab.send(message({"remove": "evil.example"}))
    check(lab.wait(lambda: not lab.listed("evil.example")), "removed by a message")
    lab.send(message({"add": "10.73.1.99"}))
    check(lab.wait(lambda: "inside" in lab.live.err()), "the guards of feeds apply: an inside address is held back", lab.live.err()[-400:])
    check(not lab.listed("10.73.1.99"), "and not in effect")


def refused(check, lab):
    """Nobody without the key, and nothing old or twice."""
    good = message({"add": BAD[1]})
    lab.send(good)
    check(lab.wait(lambda: lab.listed(BAD[1])), "a good one first")
    lab.send(message({"remove": BAD[1]}))
    check(lab.wait(lambda: not lab.listed(BAD[1])), "taken away again")
    time.sleep(1.5)  # counters are told once a second
    before = lab.told()
    changed = message({"add": BAD[2]})
    changed[5] = json.dumps({"add": BAD[3]})
    cases = (("forged", message({"add": BAD[2]}, key="x" * 64)), ("forged", changed),
             ("forged", message({"add": BAD[2]}, stream="identity")), ("replayed", good), ("stale", message({"add": BAD[2]}, age=120)),
             ("stale", message({"add": BAD[2]}, age=-120)), ("oversized", message('{"add": "' + "x" * 8000 + '"}')),
             ("oversized", message('{"add": "' + "x" * (3 << 20) + '"}')), ("malformed", ["time", "1"]),
             ("malformed", message({"add": BAD[2]}) + ["extra", "1"]), ("malformed", message("{")), ("malformed", message({"adds": BAD[2]})),
             ("refused", message({"add": "no indicator"[:2]})))
    want = dict(before)
    for kind, fields in cases:
        lab.send(fields)
        want[kind] += 1
    check(lab.wait(lambda: lab.told() == want, 10), "each refused message is counted as what it is", f"{lab.told()}\n{want}")
    check(not any(lab.listed(a) for a in BAD[1:4]), "none of them changed anything")
    check(any(a["rule"]["id"] == "sensor_message" for a in lab.live.alerts()), "an alert says so")
    lab.send(message({"add": BAD[4]}))
    check(lab.wait(lambda: lab.listed(BAD[4])), "and the next good one is done")


def restarts(check, lab):
    """Redis and exfild killed, and started again."""
    good = message({"add": BAD[5]})
    lab.send(good)
    check(lab.wait(lambda: lab.listed(BAD[5])), "a good one first")
    lab.redis.stop()
    time.sleep(1)
    lab.start_redis()
    lab.send(message({"add": BAD[6]}))
    check(lab.wait(lambda: lab.listed(BAD[6]), 10), "Redis killed and started: the next message is done", lab.live.err()[-600:])
    pid = next(pid for name, pid in lab.live.pids().items() if "core" in name)
    os.kill(pid, 9)
    check(lab.wait(lambda: lab.told().get("taken") == 0, 20), "the process that reads was killed, and runs again")
    lab.send(good)
    check(lab.wait(lambda: lab.told().get("replayed") == 1), "what was read before is still known", lab.told())
    lab.send(message({"add": BAD[7]}))
    check(lab.wait(lambda: lab.listed(BAD[7])), "and new ones are done")


def examples(check, lab):
    """The examples of docs/MESSAGES.md, as they stand."""
    with open(os.path.join(harness.SOURCE, "docs/MESSAGES.md"), encoding="utf-8") as stream:
        text = stream.read()
    for language, program, address in (("python", ["python3"], BAD[8]), ("sh", ["sh"], BAD[9])):
        code = re.search(rf"```{language}\n(.*?)```", text, re.S).group(1).replace("203.0.113.9", address).replace(
            "/etc/exfild/message.key", lab.folder + "/key").replace("redis-cli", f"redis-cli -s {lab.redis.path}").replace(
                "redis.Redis()", f'redis.Redis(unix_socket_path="{lab.redis.path}")')
        if language == "python" and subprocess.run(["python3", "-c", "import redis"], stderr=subprocess.DEVNULL, check=False).returncode:
            code = STAND_IN.replace("PATH", lab.redis.path) + code.replace(", redis", "")
        done = subprocess.run([*program, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              cwd=os.path.dirname(os.path.abspath(__file__)))
        check(done.returncode == 0 and lab.wait(lambda a=address: lab.listed(a)), f"the example in {language} works", done.stdout)


# where the client library of Redis is not installed: its two calls, by redis-cli
STAND_IN = """
import subprocess
class redis:
    class Redis:
        def __init__(self, **_): pass
        def xadd(self, key, fields):
            subprocess.run(["redis-cli", "-s", "PATH", "XADD", key, "*", *sum(([k, v] for k, v in fields.items()), [])], check=True)
"""


def identities(check, lab):
    """Who has an address, by message and by the file that is followed; the newest holds."""
    def names(last, user, host):
        address = BAD[last]
        lab.send(message({"add": address}))
        lab.wait(lambda: lab.listed(address))
        lab.connect(address)
        lab.wait(lambda: any(a.get("destination", {}).get("ip") == address for a in lab.live.alerts()))
        alerts = [a for a in lab.live.alerts() if a.get("destination", {}).get("ip") == address]
        check(alerts and alerts[0].get("user", {}).get("name") == user and alerts[0]["source"].get("domain") == host,
              f"the alert names {user} at {host}", alerts[:1])

    def lease(text):
        with open(lab.folder + "/leases.new", "w", encoding="ascii") as out:
            out.write(text)
        os.rename(lab.folder + "/leases.new", lab.folder + "/leases")
    lab.send(message({"address": CLIENT, "user": "alice", "host": "pc7", "ttl": "1h"}, stream="identity"), "identity")
    time.sleep(0.7)
    names(10, "alice", "pc7")
    lease(f"{CLIENT},pc8,bob,1h\n")
    time.sleep(2)
    names(11, "bob", "pc8")
    lease(f"{CLIENT},pc9,carol,1h\n{CLIENT},pc 9\n")
    check(lab.wait(lambda: "leases:2:" in lab.live.err(), 5), "a broken file is said with its place", lab.live.err()[-300:])
    check(lab.wait(lambda: any(a["rule"]["id"] == "sensor_configuration" for a in lab.live.alerts())), "and is an alert")
    names(12, "bob", "pc8")
    lab.send(message({"address": "10.1.2", "user": "alice"}, stream="identity"), "identity")
    lab.send(message({"address": CLIENT, "user": "dave", "host": "pc10"}, stream="identity"), "identity")
    time.sleep(0.7)
    names(13, "dave", "pc10")


def keys(check, lab):
    """A key that all can read, or that is too short, is refused at the start, with a sentence."""
    for text, mode, want in ((KEY, 0o644, "chmod"), ("short", 0o600, "32"), ("", 0o600, "empty")):
        path = lab.folder + "/other"
        with open(path, "w", encoding="ascii") as stream:
            stream.write(text)
        os.chmod(path, mode)
        done = subprocess.run(
            ["ip", "netns", "exec", lab.nets.of("g"), lab.o.exfild, "-i", "g0", "--set", f"redis.url={lab.redis.url}", "--set",
             f"redis.signed.key_file={path}", "--set", "redis.signed.intel=true", "--set", f"control.socket={lab.folder}/c2", "--set",
             f"state.directory={lab.folder}/s2", "--set", f"spool.directory={lab.folder}/s2/spool", "--set", "metrics.listen=", "--set",
             f"evidence.directory={lab.folder}/s2/evidence"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
        check(done.returncode == 1 and want in done.stderr, f"the start says {want}", done.stderr)


def main():
    p = harness.parser(__doc__)
    p.add_argument("--exfilctl", required=True)
    p.add_argument("--only", action="append", default=[])
    arguments = p.parse_args()
    live_net.need()
    for tool in ("redis-server", "redis-cli", "openssl"):
        if not shutil.which(tool):
            harness.skip(f"{tool} is not installed")
    check = harness.Checks()
    with Lab(arguments) as lab:
        lab.start()
        for part in (added, refused, examples, restarts, identities, keys):
            if arguments.only and part.__name__ not in arguments.only:
                continue
            print(f"{part.__name__}: {part.__doc__}", flush=True)
            part(check, lab)
        said = lab.live.err()
        check("Sanitizer" not in said and "runtime error" not in said, "no sanitizer complains", said[-2000:])
    return check.end()


if __name__ == "__main__":
    raise SystemExit(main())
