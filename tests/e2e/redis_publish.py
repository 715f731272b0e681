#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""redis_publish.py --exfild PROGRAM: alerts reach a real Redis, whole and in order.

A redis-server of its own on a unix socket in a temporary folder. What a replay prints must come to a subscriber of the
channel exfild:alerts and into the stream exfild:alerts (fields id, severity, alert), byte for byte; prefix, list and
the switches of the configuration are honoured; a wrong URL is an error before anything is read; a server that dies
during the replay costs no alert on standard output, and what it did not get is said."""
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import harness

CAPTURE = harness.capture_of("dns_iodine")


class Client:
    """The little of RESP that is needed here."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")

    def __call__(self, *words):
        words = [str(word).encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        return self.answer()

    def answer(self):
        line = self.stream.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind in (b"$", b"*") and int(rest) < 0:
            return None
        if kind == b"$":
            return self.stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.answer() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest

    def close(self):
        self.stream.close()
        self.socket.close()


class Server:
    def __init__(self, folder, *arguments):
        self.path = os.path.join(folder, "redis.sock")
        self.url = f"unix://{self.path}"
        self.process = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.path, "--save", "", "--dir", folder,
                                         "--daemonize", "no", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client = Client(self.path)
                self.client("PING")  # an error as long as it reads its file
                break
            except (OSError, RuntimeError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.stop()
                    raise
                time.sleep(0.02)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Subscriber(threading.Thread):
    def __init__(self, path, channel):
        super().__init__(daemon=True)
        self.client, self.got = Client(path), []
        self.client("SUBSCRIBE", channel)

    def run(self):
        try:
            while True:
                kind, _, data = self.client.answer()
                if data == b"end":
                    return
                if kind == b"message":
                    self.got.append(data)
        except OSError:
            return


def publish(program, server, *sets, stdin=None):
    given = ["-"] if stdin is not None else [CAPTURE]
    return harness.run(program, "-r", *given, "-o", "json", "--publish", f"--set=redis.url={server.url}",
                       *(f"--set={text}" for text in sets), stdin=stdin if stdin is not None else subprocess.DEVNULL)


def fields_of(entry):
    pairs = entry[1]
    return dict(zip(pairs[::2], pairs[1::2]))


def delivery(check, program, server):
    subscriber = Subscriber(server.path, "exfild:alerts")
    subscriber.start()
    result = publish(program, server)
    lines = result.out.splitlines()
    check(result.status == 0 and len(lines) >= 2, "a replay that publishes ends with status 0 and has alerts", result.err)
    server.client("PUBLISH", "exfild:alerts", "end")
    subscriber.join(10)
    check(subscriber.got == lines, "the channel carries each alert as printed, in order", f"{len(subscriber.got)} of {len(lines)}")
    entries = server.client("XRANGE", "exfild:alerts", "-", "+")
    check(len(entries) == len(lines), "the stream has an entry for each alert", f"{len(entries)} of {len(lines)}")
    for line, entry in zip(lines, entries):
        fields, alert = fields_of(entry), json.loads(line)
        check(set(fields) == {b"id", b"severity", b"alert"}, "an entry has the fields id, severity, alert", fields)
        check(fields.get(b"alert") == line, "alert is what was printed")
        check(fields.get(b"id", b"").decode() == alert["event"]["id"], "id is event.id", fields)
        check(fields.get(b"severity", b"").decode() == str(alert["event"]["severity"]), "severity is event.severity", fields)
    check(server.client("EXISTS", "exfild:alerts:list") == 0, "the list is off unless it is turned on")
    check(harness.run(program, "-r", CAPTURE, "-o", "json").out == result.out, "publishing changes nothing on standard output")
    unpublished = server.client("XLEN", "exfild:alerts")
    check(unpublished == len(lines), "a replay without --publish writes nothing to Redis", unpublished)


def configuration(check, program, server):
    server.client("FLUSHALL")
    result = publish(program, server, "redis.prefix=site-7:", "redis.list=true", "redis.channel=false")
    lines = result.out.splitlines()
    check(server.client("XLEN", "site-7:alerts") == len(lines), "redis.prefix names the stream", result.err)
    check(server.client("LRANGE", "site-7:alerts:list", 0, -1) == lines, "redis.list keeps each alert in order")
    check(server.client("EXISTS", "exfild:alerts") == 0, "nothing goes to the default prefix")
    server.client("FLUSHALL")
    times = 100 // len(lines) + 2
    for _ in range(times):
        publish(program, server, "redis.stream=false", "redis.list=true", "redis.stream_maxlen=100")
    kept = server.client("LRANGE", "exfild:alerts:list", 0, -1)
    check(kept == (lines * times)[-100:], "redis.stream_maxlen caps the list, the newest stay", f"{len(kept)} kept")
    check(server.client("EXISTS", "exfild:alerts") == 0, "redis.stream=false makes no stream")
    check(server.client("DBSIZE") == 1, "nothing else is written", server.client("KEYS", "*"))
    file = server.path + ".ndjson"
    both = publish(program, server, f"sinks.file.path={file}")
    with open(file, "rb") as stream:
        check(stream.read() == both.out, "the file sink works beside Redis", both.err)


def errors(check, program, server, folder):
    wrong = {"unix://" + folder + "/none.sock": "none.sock", "redis://127.0.0.1:1/0": "127.0.0.1:1", "http://127.0.0.1/": "redis://",
             "redis://127.0.0.1:port/": "port", "nonsense": "redis://"}
    for url, word in wrong.items():
        result = harness.run(program, "-r", CAPTURE, "-o", "json", "--publish", f"--set=redis.url={url}", timeout=30)
        said = [line for line in result.err.splitlines() if line.startswith("error: ")]
        check(result.status == 1 and len(said) == 1 and word in said[0], f"{url}: status 1 and one clear error", result.err)
        check(not result.out, f"{url}: nothing is replayed")
    none = harness.run(program, "-r", CAPTURE, "--publish")
    check(none.status == 1 and "redis.url" in none.err, "--publish without a sink: says which key to set", none.err)
    server.client("CONFIG", "SET", "requirepass", "secret")
    closed = publish(program, server)
    check(closed.status == 1 and "password" in closed.err, "a server with a password: says so", closed.err)
    password = os.path.join(folder, "password")
    with open(password, "w", encoding="ascii") as stream:
        stream.write("secret\n")
    opened = publish(program, server, f"redis.password_file={password}")
    check(opened.status == 0 and opened.out, "redis.password_file opens it", opened.err)
    check("secret" not in opened.err + closed.err, "a password is never said")
    with open(password, "w", encoding="ascii") as stream:
        stream.write("Wr0ngW0rd\n")
    refused = publish(program, server, f"redis.password_file={password}")
    check(refused.status == 1 and "password" in refused.err and "Wr0ngW0rd" not in refused.err, "a wrong password: status 1, never said", refused.err)


def dump_of(program, *more):
    """Whether a replay that is killed in the middle leaves a core dump, where nothing else forbids it."""
    child = subprocess.Popen([program, "-r", "-", "-o", "json", *more], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (64 << 20, resource.getrlimit(resource.RLIMIT_CORE)[1])))
    with open(CAPTURE, "rb") as stream:
        child.stdin.write(stream.read(4096))
    child.stdin.flush()
    child.stderr.readline()  # its first line: it is at work
    child.send_signal(signal.SIGABRT)
    status = os.waitpid(child.pid, 0)[1]
    child.returncode = status
    return os.WIFSIGNALED(status) and os.WCOREDUMP(status)


def dumping(check, program, folder, server):
    """With a password there is no core dump, whatever the shell allows."""
    home = os.getcwd()
    password = os.path.join(folder, "dumped")
    with open(password, "w", encoding="ascii") as stream:
        stream.write("s3cret-of-dumps\n")
    os.chdir(folder)
    try:
        if harness.sanitized(program) or not dump_of(program):
            print("core dumps: this machine, or the sanitizer, makes none of any process: not shown by it")
        server.client("CONFIG", "SET", "requirepass", "s3cret-of-dumps")
        check(not dump_of(program, "--publish", f"--set=redis.url={server.url}", f"--set=redis.password_file={password}"), "a password is in no core dump")
    finally:
        server.client("CONFIG", "SET", "requirepass", "")
        os.chdir(home)


def refusing(check, program, folder):
    """A server that takes the connection and refuses every alert."""
    server = Server(folder, "--maxmemory", "1", "--maxmemory-policy", "noeviction")
    try:
        result = publish(program, server)
        whole = harness.run(program, "-r", CAPTURE, "-o", "json")
        check(result.out == whole.out, "a server without memory: every alert is printed all the same", result.err)
        check("not taken" in result.err and "OOM" in result.err, "a server without memory: what it refused is said", result.err)
    finally:
        server.stop()


def dying(check, program, folder):
    """Half the capture, kill -9, the other half."""
    server = Server(folder)
    with open(CAPTURE, "rb") as stream:
        data = stream.read()
    whole = harness.run(program, "-r", CAPTURE, "-o", "json")
    reader, writer = os.pipe()

    def feed():
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(data[:4000])
            pipe.flush()
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and server.client("INFO", "clients").count(b"connected_clients:1\r"):
                time.sleep(0.02)
            server.stop()
            pipe.write(data[4000:])

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    result = publish(program, server, stdin=reader)
    feeder.join()
    os.close(reader)
    count = len(result.out.splitlines())
    check(result.out == whole.out, "a server that dies: every alert is printed all the same", result.err)
    check(not result.crashed() and result.status in (0, 1), "a server that dies: the run ends by itself", result.crashed())
    found = re.search(r"redis: (\d+) alerts were not taken: \S.*", result.err)
    check(found and 0 < int(found.group(1)) <= count, f"a server that dies: says how many of {count} alerts it did not get", result.err)


def main():
    o = harness.parser(__doc__).parse_args()
    if not shutil.which("redis-server"):
        harness.skip("redis-server is missing (Debian package redis-server)")
    check = harness.Checks()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder)
        try:
            delivery(check, o.exfild, server)
            configuration(check, o.exfild, server)
            errors(check, o.exfild, server, folder)
            dumping(check, os.path.abspath(o.exfild), folder, server)
        finally:
            server.stop()
        for test in (refusing, dying):
            with tempfile.TemporaryDirectory() as own:
                test(check, o.exfild, own)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
