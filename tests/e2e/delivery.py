#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Alerts on their way: none is lost, whatever breaks.

A real redis-server stops in a burst, is killed, refuses, is full; the program that delivers is killed; both are; the disk is full;
a stranger in Redis' place answers with garbage.  Each time every alert arrives at least once, the first copies in order, none missing.
The alerts are synthetic: tests/support/alerts_out.c puts them into the outputs that exfild has.

usage: delivery.py --exfild PROGRAM --alerts PROGRAM [--long] [--only SCENARIO]

The everyday form takes seconds and 4,000 alerts; --long takes 50,000 and a minute without Redis.  How fast: delivery_speed.py.
Exit status 77: redis-server is not installed.
"""
import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(folder):
    """key.pem and ca.pem for localhost, its own authority; False: openssl made none."""
    return subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                           "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/ca.pem"],
                          check=False, capture_output=True).returncode == 0


class Redis:
    """A server of its own on a unix socket; what it has outlives a kill (appendonly, always)."""

    def __init__(self, folder, *arguments):
        self.folder, self.arguments = folder, arguments
        self.socket = os.path.join(folder, "redis.sock")
        self.url = "unix://" + self.socket
        self.process = None

    def start(self):
        command = ["redis-server", *([] if "--port" in self.arguments else ["--port", "0"]), "--unixsocket", self.socket, "--dir", self.folder, "--save", "", "--appendonly", "yes",
                   "--appendfsync", "always", "--logfile", os.path.join(self.folder, "redis.log"), "--daemonize", "no", *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(400):
            if self.ask("PING").startswith(("PONG", "NOAUTH")):
                return self
            time.sleep(0.05)
        sys.exit("redis-server did not start: see its log in " + self.folder)

    def ask(self, *words):
        return subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True, text=True, check=False).stdout.strip()

    def kill(self, number=signal.SIGKILL):
        if self.process:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def read(self, password=None, key="exfild:alerts"):
        """All alerts of the stream, in order."""
        who = ["-a", password, "--no-auth-warning"] if password else []
        out = subprocess.run(["redis-cli", "-s", self.socket, *who, "--json", "XRANGE", key, "-", "+"], capture_output=True,
                             text=True, check=False).stdout
        rows = json.loads(out) if out.strip().startswith("[") else []
        return [json.loads(fields[fields.index("alert") + 1]) for _, fields in rows]


class Sender:
    """alerts_out at work."""

    def __init__(self, program, folder, *arguments, sets=(), hold=True):
        command = [program, "--set", f"spool.directory={folder}/spool", "--set", "redis.stream_maxlen=10000000"]
        for text in sets:
            command += ["--set", text]
        self.errors = open(os.path.join(folder, "sender.log"), "ab")
        self.process = subprocess.Popen(command + (["--hold"] if hold else []) + list(arguments), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.put, self.lines, self.seconds = 0, [], 0.0
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line.startswith("put "):
                self.put = int(line.split()[1])
            if line.startswith("end "):
                self.seconds = float(line.split()[3])

    def wait_put(self, number):
        while self.put < number and self.process.poll() is None:
            time.sleep(0.005)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_done(self, limit=300):
        end = time.time() + limit
        while not any(line.startswith("done") for line in self.lines) and time.time() < end and self.process.poll() is None:
            time.sleep(0.02)

    def drain(self, limit=120):
        """Waits until nothing waits for a sink."""
        end = time.time() + limit
        while time.time() < end and self.process.poll() is None:
            count = len(self.lines)
            self.say("health")
            time.sleep(0.1)
            answers = [line for line in self.lines[count:] if line.startswith("spool depth")]
            if answers and answers[-1].split()[2] == "0":
                return True
        return False

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait()
        self.thread.join(5)
        self.errors.close()
        return status


class Test:
    """What all scenarios share."""

    def __init__(self, options):
        self.options = options
        self.count = 50000 if options.long else 4000
        self.failures = []
        self.folder = None

    def fail(self, name, text):
        self.failures.append(name)
        print(f"{name}: {text}")
        if os.path.exists(f"{self.folder}/sender.log"):
            print(open(f"{self.folder}/sender.log").read()[-2000:])

    def judge(self, name, alerts, count, began, sessions=("s1",)):
        """Each at least once, first copies in order, no gap."""
        seen, order = set(), {}
        copies = 0
        for alert in alerts:
            event, session = alert["event"], alert["exfild"]["session"]
            if event["id"] in seen:
                copies += 1
                continue
            seen.add(event["id"])
            order.setdefault(session, []).append(event["sequence"])
        problem = ""
        for session in sessions:
            numbers = order.get(session, [])
            if numbers != sorted(numbers):
                problem = f"session {session} is out of order"
            elif numbers != list(range(1, count + 1)):
                missing = sorted(set(range(1, count + 1)) - set(numbers))
                problem = f"session {session}: {len(numbers)} of {count}, missing {missing[:5]}"
        if problem:
            self.fail(name, problem)
        else:
            print(f"{name}: {len(seen)} alerts, each at least once, in order, none missing; {copies} second copies; "
                  f"{time.time() - began:.1f} s")

    def sender(self, redis, *arguments, sets=(), hold=True):
        return Sender(self.options.alerts, self.folder, *arguments, sets=["redis.url=" + redis.url, *sets], hold=hold)

    def burst(self):
        """So many a second that a burst lasts for what happens in it."""
        return ["--count", str(self.count), "--rate", str(self.count if not self.options.long else 5000)]

    # --- scenarios ---

    def redis_stops(self):
        redis, began = Redis(self.folder).start(), time.time()
        sender = self.sender(redis, *self.burst())
        sender.wait_put(self.count // 4)
        redis.kill(signal.SIGTERM)
        time.sleep(60 if self.options.long else 2)
        redis.start()
        sender.wait_done()
        sender.drain()
        sender.stop()
        self.judge("redis stops", redis.read(), self.count, began)
        redis.kill()

    def redis_killed(self):
        redis, began = Redis(self.folder).start(), time.time()
        sender = self.sender(redis, *self.burst())
        for part in (4, 2):
            sender.wait_put(self.count // part)
            redis.kill()
            time.sleep(0.3)
            redis.start()
        sender.wait_done()
        sender.drain()
        sender.stop()
        self.judge("redis killed twice", redis.read(), self.count, began)
        redis.kill()

    def sender_killed(self):
        """What was put before the kill is there after the next start: it waits for a server that is away."""
        redis, began = Redis(self.folder), time.time()
        sender = self.sender(redis, "--count", str(self.count))
        sender.wait_done()
        time.sleep(1)
        sender.stop(signal.SIGKILL)
        redis.start()
        sender = self.sender(redis, "--count", str(self.count), "--session", "s2")
        time.sleep(0.2)
        sender.wait_done()
        sender.drain()
        sender.stop()
        self.judge("exfild killed", redis.read(), self.count, began, ("s1", "s2"))
        redis.kill()

    def killed_in_the_burst(self):
        """Killed while it sends: what had been kept arrives, without a gap up to where it ended."""
        redis, began = Redis(self.folder).start(), time.time()
        sender = self.sender(redis, *self.burst())
        sender.wait_put(self.count // 2)
        sender.stop(signal.SIGKILL)
        redis.kill()
        redis.start()
        sender = self.sender(redis, "--count", "10", "--session", "s2")
        sender.wait_done()
        sender.drain()
        sender.stop()
        alerts = redis.read()
        numbers = {alert["event"]["sequence"] for alert in alerts if alert["exfild"]["session"] == "s1"}
        self.judge("both killed", [a for a in alerts if a["exfild"]["session"] == "s1"], max(numbers, default=1), began)
        if len(numbers) < self.count // 2 - 1000:
            self.fail("both killed", f"only {len(numbers)} of about {self.count // 2}")
        redis.kill()

    def wrong_password(self):
        redis, began = Redis(self.folder, "--requirepass", "right-one").start(), time.time()
        secret = os.path.join(self.folder, "secret")
        with open(secret, "w") as out:
            out.write("wrong-one\n")
        sender = self.sender(redis, *self.burst(), sets=["redis.password_file=" + secret])
        sender.wait_done()
        with open(secret, "w") as out:
            out.write("right-one\n")
        sender.say("reload alerts.minimum=low")
        sender.drain()
        environment = open(f"/proc/{sender.process.pid}/cmdline").read()
        sender.stop()
        self.judge("wrong password", redis.read("right-one"), self.count, began)
        said = open(f"{self.folder}/sender.log").read() + environment
        if "right-one" in said or "wrong-one" in said:
            self.fail("wrong password", "the password is in a log or the process's title")
        redis.kill()

    def disk_full(self):
        """A small tmpfs that another fills: delivery goes on from memory, and is said."""
        place = os.path.join(self.folder, "spool")
        os.mkdir(place)
        if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", place], check=False,
                                              capture_output=True).returncode:
            print("disk full: skipped (mounting takes root)")
            return
        try:
            redis, began = Redis(self.folder).start(), time.time()
            sender = self.sender(redis, *self.burst())
            sender.wait_put(1000)
            with open(os.path.join(place, "filler"), "wb") as out:
                try:
                    out.write(bytes(64 << 20))
                except OSError:
                    pass
            sender.wait_put(self.count // 2)
            os.unlink(os.path.join(place, "filler"))
            sender.wait_done()
            sender.drain()
            sender.stop()
            self.judge("disk full", redis.read(), self.count, began)
            if "trouble disk" not in open(f"{self.folder}/sender.log").read():
                self.fail("disk full", "nobody was told")
            redis.kill()
        finally:
            subprocess.run(["umount", "-l", place], check=False)

    def malicious(self):
        """A stranger in Redis' place: garbage, an endless bulk, huge lengths, half answers."""
        path, began = os.path.join(self.folder, "redis.sock"), time.time()
        kinds = [b"", os.urandom(4000), b"$-5\r\n", b"*2147483647\r\n", b"$2147483647\r\n" + b"x" * 65536, b"*1\r\n" * 50, b"+PONG\r\n:1",
                 b"-LOADING x\r\n", b"-" + b"y" * 300000, b"$900000000\r\n", b"*3\r\n$1\r\na\r\n", b":999999999999999999999999\r\n"]
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(16)
        ends, peak = threading.Event(), [0]

        def serve():
            number = 0
            while not ends.is_set():
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                peer.settimeout(0.2)
                kind = kinds[number % len(kinds)]
                number += 1
                try:
                    peer.recv(100)
                    if number % 3 == 0:
                        peer.sendall(b"+PONG\r\n")
                    for _ in range(200 if kind.startswith(b"$2") else 1):
                        peer.sendall(kind)
                    time.sleep(0.05)
                except OSError:
                    pass
                peer.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        redis = Redis(self.folder)
        sender = self.sender(redis, *self.burst())
        end = time.time() + (20 if self.options.long else 5)
        while time.time() < end:
            try:
                with open(f"/proc/{sender.process.pid}/status") as status:
                    peak[0] = max(peak[0], *[int(line.split()[1]) for line in status if line.startswith("VmRSS")])
            except (OSError, TypeError):
                break
            time.sleep(0.1)
        ends.set()
        server.close()
        os.unlink(path)
        redis.start()
        sender.wait_done()
        sender.drain()
        sender.stop()
        self.judge(f"malicious peer (at most {peak[0] // 1024} MB)", redis.read(), self.count, began)
        if peak[0] > 200 * 1024:
            self.fail("malicious peer", f"it grew to {peak[0] // 1024} MB")
        redis.kill()

    def hanging(self):
        """A Redis that is stopped (SIGSTOP) holds up no other sink."""
        redis, began = Redis(self.folder).start(), time.time()
        target = os.path.join(self.folder, "alerts.json")
        sender = self.sender(redis, *self.burst(), sets=["sinks.file.path=" + target])
        sender.wait_put(self.count // 4)
        redis.process.send_signal(signal.SIGSTOP)
        sender.wait_done()
        time.sleep(1)
        lines = [json.loads(line) for line in open(target)]
        self.judge("redis hangs: the file", lines, self.count, began)
        redis.process.send_signal(signal.SIGCONT)
        sender.drain()
        sender.stop()
        self.judge("redis hangs: redis", redis.read(), self.count, began)
        redis.kill()

    def redis_with_tls(self):
        """One that speaks TLS; None: openssl made no certificate."""
        if not make_certificate(self.folder):
            print("tls: skipped (openssl made no certificate)")
            return None
        port = free_port()
        redis = Redis(self.folder, "--tls-port", str(port), "--tls-cert-file", f"{self.folder}/ca.pem", "--tls-key-file",
                      f"{self.folder}/key.pem", "--tls-auth-clients", "no").start()
        redis.url = f"rediss://127.0.0.1:{port}"
        return redis

    def tls(self):
        """rediss:// with an authority of one's own; one that is not trusted gets nothing."""
        redis, began = self.redis_with_tls(), time.time()
        if not redis:
            return
        sender = self.sender(redis, "--count", str(self.count))
        sender.wait_done()
        time.sleep(1)
        if redis.read():
            self.fail("tls", "it talked to a server that nobody vouches for")
        sender.say("health")
        time.sleep(0.5)
        sender.say(f"reload redis.ca_file={self.folder}/ca.pem")
        sender.drain()
        sender.stop()
        self.judge("tls, mended by a reload", redis.read(), self.count, began)
        if "certificate" not in open(f"{self.folder}/sender.log").read() + "\n".join(sender.lines):
            self.fail("tls", "nothing was said of the certificate")
        redis.kill()

    def stunnel(self):
        """A stunnel beside exfild, as docs/DELIVERY.md has it, killed and started again in the burst; it trusts no other server."""
        if not shutil.which("stunnel"):
            print("stunnel: skipped (Debian package stunnel4)")
            return
        redis, began = self.redis_with_tls(), time.time()
        if not redis:
            return
        there, here = redis.url.rsplit(":", 1)[1], free_port()
        path = os.path.join(self.folder, "stunnel.conf")

        def start(name):
            with open(path, "w") as out:
                out.write(f"foreground = yes\npid =\nsyslog = no\noutput = {self.folder}/stunnel.log\n[redis]\nclient = yes\naccept = 127.0.0.1:{here}\n"
                          f"connect = 127.0.0.1:{there}\nCAfile = {self.folder}/ca.pem\nverifyChain = yes\ncheckHost = {name}\n")
            return subprocess.Popen(["stunnel", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        tunnel = start("another.example")
        sender = Sender(self.options.alerts, self.folder, *self.burst(), sets=[f"redis.url=redis://127.0.0.1:{here}/0"])
        sender.wait_put(self.count // 4)
        if redis.read():
            self.fail("stunnel", "it led to a server of another name")
        for _ in range(2):
            tunnel.kill()
            tunnel.wait()
            tunnel = start("localhost")
            time.sleep(1)
        sender.wait_done()
        sender.drain()
        sender.stop()
        tunnel.kill()
        tunnel.wait()
        self.judge("redis:// through stunnel, killed twice", redis.read(), self.count, began)
        redis.kill()

    def sentinel(self):
        """The master is killed in the burst: the replica takes over, and nothing is missing there."""
        began, ports = time.time(), [free_port() for _ in range(3)]
        servers = []
        for number, port in enumerate(ports[:2]):
            place = os.path.join(self.folder, f"node{number}")
            os.mkdir(place)
            more = [] if number == 0 else ["--replicaof", "127.0.0.1", str(ports[0])]
            server = Redis(place, "--port", str(port), "--repl-diskless-sync-delay", "0", *more)
            server.arguments = [*server.arguments]
            servers.append(server.start())
        config = os.path.join(self.folder, "sentinel.conf")
        with open(config, "w") as out:
            out.write(f"port {ports[2]}\nsentinel monitor mymaster 127.0.0.1 {ports[0]} 1\nsentinel down-after-milliseconds mymaster 1000\n"
                      "sentinel failover-timeout mymaster 5000\n")
        watcher = subprocess.Popen(["redis-server", config, "--sentinel", "--dir", self.folder, "--logfile", f"{self.folder}/sentinel.log"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                if "master_link_status:up" in servers[1].ask("INFO", "replication"):
                    break
                time.sleep(0.1)
            time.sleep(2)
            sender = Sender(self.options.alerts, self.folder, *self.burst(), sets=[f"redis.sentinel=[\"127.0.0.1:{ports[2]}\"]"])
            sender.wait_put(self.count // 2)
            servers[0].kill()
            sender.wait_done()
            sender.drain()
            sender.stop()
            self.judge("sentinel, master killed", servers[1].read(), self.count, began)
        finally:
            watcher.kill()
            watcher.wait()
            for server in servers:
                server.kill()

    @contextlib.contextmanager
    def three_nodes(self):
        """(servers, ports) of a Cluster."""
        ports, servers = [free_port() for _ in range(3)], []
        try:
            for number, port in enumerate(ports):
                place = os.path.join(self.folder, f"node{number}")
                os.mkdir(place)
                servers.append(Redis(place, "--port", str(port), "--cluster-enabled", "yes", "--cluster-port", str(free_port())).start())
            made = subprocess.run(["redis-cli", "--cluster", "create", *[f"127.0.0.1:{port}" for port in ports], "--cluster-yes"],
                                  capture_output=True, text=True, check=False)
            if "All 16384 slots covered" not in made.stdout:
                self.fail("cluster", made.stdout[-500:] + made.stderr[-500:])
            time.sleep(2)
            yield servers, ports
        finally:
            for server in servers:
                server.kill()

    @staticmethod
    def owner(servers):
        return [n for n, server in enumerate(servers) if not server.ask("XLEN", "{exfild}:alerts").startswith("MOVED")][0]

    def cluster(self):
        """Three nodes; the url names one that has not the slot."""
        began = time.time()
        with self.three_nodes() as (servers, ports):
            slot, owner = servers[0].ask("CLUSTER", "KEYSLOT", "{exfild}:alerts"), self.owner(servers)
            sender = Sender(self.options.alerts, self.folder, *self.burst(),
                            sets=[f"redis.url=redis://127.0.0.1:{ports[(owner + 1) % 3]}", "redis.cluster=true"])
            sender.wait_done()
            sender.drain()
            sender.stop()
            self.judge(f"cluster, slot {slot} elsewhere", servers[owner].read(key="{exfild}:alerts"), self.count, began)

    def move(self, servers, ports, slot, goal, keys):
        """The slot goes to another node under load, as redis-cli --cluster reshard does it, but `keys` one by one, with time in between."""
        start = self.owner(servers)
        ids = [server.ask("CLUSTER", "MYID") for server in servers]
        servers[goal].ask("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[start])
        servers[start].ask("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[goal])
        for _ in range(2 + len(keys)):
            time.sleep(0.4)
            some = [keys.pop(0)] if keys else servers[start].ask("CLUSTER", "GETKEYSINSLOT", slot, "10").split()
            if some:
                answer = servers[start].ask("MIGRATE", "127.0.0.1", str(ports[goal]), "", "0", "20000", "KEYS", *some)
                if not answer.startswith(("OK", "NOKEY")):
                    self.fail("cluster moves", f"{some}: {answer}")
        time.sleep(0.5)
        for node in (goal, start, *range(3)):
            servers[node].ask("CLUSTER", "SETSLOT", slot, "NODE", ids[goal])

    def cluster_moves(self):
        """The slot of all keys moves twice while alerts come: none is lost, the order stays, in the stream and in the list."""
        began = time.time()
        with self.three_nodes() as (servers, ports):
            slot, first = servers[0].ask("CLUSTER", "KEYSLOT", "{exfild}:alerts"), self.owner(servers)
            sender = Sender(self.options.alerts, self.folder, "--count", str(self.count), "--rate", str(self.count // 8),
                            sets=[f"redis.url=redis://127.0.0.1:{ports[0]}", "redis.cluster=true", "redis.list=true"])
            sender.wait_put(self.count // 8)
            self.move(servers, ports, slot, (first + 1) % 3, ["{exfild}:alerts:list", "{exfild}:alerts"])
            sender.wait_put(self.count // 2)
            self.move(servers, ports, slot, (first + 2) % 3, ["{exfild}:alerts", "{exfild}:alerts:list"])
            sender.wait_done()
            if not sender.drain():
                self.fail("cluster moves", "not all was taken")
            sender.stop()
            last = servers[(first + 2) % 3]
            self.judge("cluster, the slot moves twice", last.read(key="{exfild}:alerts"), self.count, began)
            lines = last.ask("LRANGE", "{exfild}:alerts:list", "0", "-1").splitlines()
            self.judge("cluster, the slot moves twice: the list", [json.loads(line) for line in lines], self.count, began)

    def sent_again(self):
        redis, began = Redis(self.folder).start(), time.time()
        sender = self.sender(redis, "--count", "100")
        sender.wait_done()
        sender.drain()
        sender.say("resend 10 19")
        time.sleep(0.5)
        sender.drain()
        sender.stop()
        alerts = redis.read()
        again = [alert["event"]["sequence"] for alert in alerts[100:]]
        if again != list(range(10, 20)):
            self.fail("sent again", str(again))
        self.judge("sent again", alerts, 100, began)
        redis.kill()

    def run(self):
        for scenario in (self.redis_stops, self.redis_killed, self.sender_killed, self.killed_in_the_burst, self.wrong_password, self.disk_full,
                         self.malicious, self.hanging, self.tls, self.stunnel, self.sentinel, self.cluster, self.cluster_moves, self.sent_again):
            if self.options.only and self.options.only != scenario.__name__:
                continue
            self.folder = tempfile.mkdtemp(prefix="exfild-delivery-")
            try:
                scenario()
            finally:
                shutil.rmtree(self.folder, ignore_errors=True)
        return 1 if self.failures else 0


def main():
    parser = argparse.ArgumentParser(description="Alerts on their way: none is lost, whatever breaks.")
    parser.add_argument("--exfild", required=True)
    parser.add_argument("--alerts", required=True)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not shutil.which("redis-server"):
        print("skipped: redis-server is not installed")
        return 77
    random.seed(1)
    return Test(options).run()


if __name__ == "__main__":
    sys.exit(main())
