#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The metrics port: ten thousand scrapes, and clients that mean no good, leave every process as large as it was; what it says
is what Prometheus reads, and names no host; /healthz is well."""
import concurrent.futures
import contextlib
import http.client
import re
import socket

import harness
import live_net
from live_net import Live, Nets
from live_replay import packets_of

PORT = 9472
SCRAPES = 10_000
AT_ONCE = 20
SAMPLE = re.compile(r"exfild_[a-z_]+(\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\})? -?[0-9.e+]+")
BAD = (b"", b"\0" * 4096, b"GET /metrics", b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n", b"POST /metrics HTTP/1.1\r\nContent-Length: 4294967295\r\n\r\n",
       b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 50_000, b"DELETE /metrics HTTP/1.1\r\n\r\n", b"GET /other HTTP/1.0\r\n\r\n")


def memory(live):
    """Kilobytes of each process."""
    ret = {}
    for name, pid in live.pids().items():
        with open(f"/proc/{pid}/status", encoding="ascii") as stream:
            ret[name] = next(int(line.split()[1]) for line in stream if line.startswith("VmRSS"))
    return ret


def get(path, connection=None):
    """(status, text); on a connection of its own, or on one that is kept."""
    c = connection or http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    try:
        c.request("GET", path)
        answer = c.getresponse()
        return answer.status, answer.read().decode()
    finally:
        if not connection:
            c.close()


def scrape(count):
    """By several at a time; half of them on one connection, half each on its own."""
    def some(_):
        kept = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
        good = sum(get("/metrics", kept if n % 2 else None)[0] == 200 for n in range(count // AT_ONCE))
        kept.close()
        return good
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(some, range(AT_ONCE)))


def trouble(times):
    """Clients that send what is not HTTP, too much, or nothing, and go away without a word."""
    for _ in range(times):
        for data in BAD:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT), timeout=10) as s:
                s.sendall(data)


def scrapes(check, arguments):
    """Memory after ten thousand more is what it was once each part of the server has had its buffers."""
    count = SCRAPES // 20 if harness.sanitized(arguments.exfild) else SCRAPES
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with Live(nets, "b", arguments.exfild, "-i", "b0", "--set", f"metrics.listen=127.0.0.1:{PORT}") as live:
            sender = nets.sender("a", "a0")
            for _, frame in packets_of(harness.capture_of("dns_iodine")):
                sender.send(frame)
            live.wait_for(lambda: any(a["rule"]["id"] == "dns_tunnel" for a in live.alerts()), "an alert", 20)

            def ask():
                status, text = get("/metrics")
                check(status == 200, "a page", status)
                lines = text.splitlines()
                named = {line.split()[2] for line in lines if line.startswith("# TYPE ")}
                odd = [line for line in lines if not line.startswith("#") and
                       (not SAMPLE.fullmatch(line) or re.split("[{ ]", line)[0] not in named)]
                check(not odd and len(named) > 40, f"{len(named)} metrics, each with its type, in Prometheus' form", odd[:3])
                check(not re.search(r"\d+\.\d+\.\d+\.\d+", text), "no address in it", text[:300])
                status, text = get("/healthz")
                check(status == 200, "it is well", (status, text))
                trouble(20)
                check(scrape(count // 4) == count // 4, "pages before")
                before = memory(live)
                check(scrape(count) == count, f"{count} scrapes are answered")
                after = memory(live)
                trouble(count // 100)
                check(scrape(count // 4) == count // 4, "pages after")
                return before, after, memory(live)
            before, after, last = nets.inside("b", ask)
            print(f"kB before {before}, after {count} scrapes {after}, after {count // 100 * len(BAD)} that mean no good {last}")
            for name, size in before.items():
                check(harness.sanitized(arguments.exfild) or (after[name] - size < 1024 and last[name] - size < 8192),
                      f"{name} is as large as before", (size, after[name], last[name]))
            check(live.stop() == 0, "it ends well", live.err()[-500:])


if __name__ == "__main__":
    live_net.main(__doc__, [scrapes])
