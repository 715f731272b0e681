#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""serve.py --exfild PROGRAM --exfilctl PROGRAM --fill PROGRAM [--pictures FOLDER]: the page of exfilctl serve.

A daemon of this test's own answers on a control socket, with names that mean harm, and goes away and comes back. Who may
ask: Host and token; what the answers allow; the stream; many pages and slow ones; clients that never read, and that go. In a real Chromium: alerts appear as they
come, charts are drawn, nothing is said on the console, nothing is asked for elsewhere. Without Chromium that is skipped."""
import copy
import http.client
import json
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

import browser
import harness
import report

HOSTILE = ('"><script>document.title="hurt"</script>', "<img src=http://192.0.2.1/x>", "\u202egpj.exe", "b" * 255, "javascript:alert(1)")


class Daemon:
    """What exfilctl serve asks of exfild."""

    def __init__(self, path, alerts):
        self.path, self.alerts, self.followers, self.server = path, alerts, [], None
        self.start()

    def start(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen(32)
        threading.Thread(target=self.accept, args=(self.server,), daemon=True).start()

    def accept(self, server):
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                asked = json.loads(line)
                results = {"status": {"sensor": "gw-<i>1", "packets": 1234, "drops": 5, "flows": 6, "packet_time": self.alerts[-1]["event"]["end"],
                                      "inside": "10.0.0.0/8"},
                           "exceptions": {"exceptions": []}, "alerts": {"alerts": self.alerts}}
                self.send(connection, {"v": 1, "id": asked["id"], "ok": True, "result": results[asked["command"]]})
                if asked.get("args", {}).get("follow"):
                    self.followers.append(connection)

    @staticmethod
    def send(connection, message):
        try:
            connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass

    def push(self, alert):
        for connection in self.followers:
            self.send(connection, {"v": 1, "id": 1, "alert": alert})

    def stop(self):
        self.server.close()
        os.unlink(self.path)
        for connection in self.followers:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.followers = []


class Server:
    def __init__(self, program, *arguments):
        self.child = subprocess.Popen([program, "serve", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.url = self.child.stdout.readline().decode().strip()
        found = re.match(r"http://(.+):(\d+)(/.*)$", self.url)
        self.port, self.base = (int(found.group(2)), found.group(3)) if found else (0, "/")

    def ask(self, path="", host=None, base=None, method="GET", timeout=60):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, (self.base if base is None else base) + path, headers={"Host": host} if host else {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def stream(self):
        stream = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        stream.sendall(f"GET {self.base}events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        return stream

    def end(self):
        self.child.terminate()
        status = self.child.wait(timeout=10)
        err = self.child.stderr.read().decode()
        self.child.stdout.close()
        self.child.stderr.close()
        return status, err


def until(stream, word, seconds=15):
    """What came of a stream up to this word."""
    got, deadline = b"", time.monotonic() + seconds
    while word not in got and time.monotonic() < deadline:
        stream.settimeout(max(0.1, deadline - time.monotonic()))
        try:
            more = stream.recv(65536)
        except OSError:
            break
        if not more:
            break
        got += more
    return got


def alert_of(alerts, number, name):
    """A copy of one that would do harm."""
    alert = copy.deepcopy(alerts[number % len(alerts)])
    alert["exfild"]["alert_id"] = f"{number:032x}"
    alert["rule"]["name"] = alert["source"]["domain"] = name
    alert.setdefault("destination", {})["domain"] = name
    return alert


def who_may(server, check):
    status, headers, page = server.ask()
    check(status == 200 and b"As it comes" in page and b"What left, by service" in page, "the page of the last day", f"{status} {page[:200]}")
    policy = headers.get("Content-Security-Policy", "")
    check("default-src 'none'" in policy and "connect-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy,
          f"its policy is strict: {policy}")
    inner = re.search(r'Content-Security-Policy" content="([^"]+)"', page.decode()).group(1)
    check(policy.startswith(inner), "that of the page is that of its header", inner)
    check(headers.get("X-Content-Type-Options") == "nosniff" and headers.get("Referrer-Policy") == "no-referrer" and
          headers.get("Cache-Control") == "no-store", "it is not guessed about, not named elsewhere, not kept", headers)
    check("Set-Cookie" not in headers and "Access-Control-Allow-Origin" not in headers, "no cookie, no other origin", headers)
    check(b"hurt" not in page.replace(b"&quot;hurt", b"") and b"<img" not in page and b"<i>1" not in page, "names are text")
    for path, word in (("weekly", b"weekly"), ("controls", b"ISO/IEC 27001:2022 A.8.12"), ("host?10.1.0.1", b"The story"), ("host?10%2e1.0.1", b"The story")):
        status, _, page = server.ask(path)
        check(status == 200 and word in page, f"the page {path}", f"{status} {page[:200]}")
    for path in ("host", "host?", "host?<script>", "host?10.1.0.1%00", "../etc/passwd", "events/", "metrics", "%2e%2e/"):
        check(server.ask(path)[0] == 404, f"there is no page {path}")
    for host in ("evil.example", "evil.example:9478", "127.0.0.1.evil.example", "[::2]", "10.0.0.1"):
        check(server.ask(host=host)[0] == 403, f"a page of {host} does not come in")
    check(server.ask(host=f"localhost:{server.port}")[0] == 200 and server.ask(host=f"[::1]:{server.port}")[0] == 200, "localhost does")
    check(server.ask(method="POST")[0] in (405, 501), "nothing is posted")


def streams(server, daemon, check):
    with server.stream() as stream:
        known = until(stream, b"event: state")
        check(known.count(b"event: known") >= len(daemon.alerts) and b"text/event-stream" in known, "what is known comes first", known[:600])
        daemon.push(alert_of(daemon.alerts, 900, HOSTILE[0]))
        fresh = until(stream, b"event: alert")
        fresh += until(stream, b"\n\n", 2) if not fresh.endswith(b"\n\n") else b""
        data = json.loads(re.search(rb"event: alert\r?\ndata: (.*)\n", fresh).group(1)) if b"data: " in fresh else {}
        check(data.get("alert") == HOSTILE[0] and data.get("level") in ("low", "medium", "high", "critical"), "an alert comes as it is made", fresh)
        daemon.push(alert_of(daemon.alerts, 901, HOSTILE[2]))
        check(b"\\\\u202egpj" in until(stream, b"gpj"), "marks of direction are named")
        daemon.stop()
        check(b"does not answer" in until(stream, b"does not answer", 12), "a daemon that has ended is said")
        daemon.start()
        check(b"exfild watches" in until(stream, b"exfild watches", 16), "and that it is there again")
    open_ones = [server.stream() for _ in range(33)]
    for stream in open_ones:
        stream.settimeout(5)
    heads = [stream.recv(15) for stream in open_ones]
    check(heads[:32] == [b"HTTP/1.1 200 OK"] * 32 and heads[32].startswith(b"HTTP/1.1 503"), "a page too many is turned away", heads[30:])
    for number in range(300):
        daemon.push(alert_of(daemon.alerts, number, "c" * 200))
    for stream in open_ones:
        stream.close()
    time.sleep(0.3)
    check(server.ask()[0] == 200, "and the server goes on")


def tokens(program, arguments, folder, check):
    path = os.path.join(folder, "token")
    report.write(path, b"0123456789abcdef-_\n")
    os.chmod(path, 0o644)
    refused = subprocess.run([program, "serve", *arguments, "--listen", "127.0.0.1:0", "--token-file", path], capture_output=True, timeout=20, check=False)
    check(refused.returncode == 1 and b"chmod 600" in refused.stderr, "a token that all may read is refused", refused.stderr)
    os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)
    for listen, more in (("127.0.0.1:0", ["--token-file", path]), ("0.0.0.0:0", [])):
        server = Server(program, *arguments, "--listen", listen, *more)
        check(re.match(r"/t/[0-9A-Za-z_-]{16,}/$", server.base), f"{listen}: the address has a token: {server.url}")
        check(server.ask(host="gw.example")[0] == 200, "with it every name does")
        wrong = server.base[:-2] + ("0" if server.base[-2] != "0" else "1") + "/"
        for base in ("/", wrong, "/t/", server.base[:-1], "/t//"):
            check(server.ask(base=base)[0] == 404, f"without it: {base}")
        status, err = server.end()
        check(status == 0 and ("no TLS" in err) == (not more), "it ends in good order", f"{status} {err}")
    for wrong in (["--listen", "nowhere"], ["--listen", "127.0.0.1:99999"], ["--token-file", folder + "/none"]):
        result = subprocess.run([program, "serve", *arguments, "--listen", "127.0.0.1:0", *wrong], capture_output=True, timeout=20, check=False)
        check(result.returncode == 1 and wrong[1].encode() in result.stderr, f"wrong: {wrong}", result.stderr)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return f.read().split()


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


class Asking(threading.Thread):
    """A page that is asked for meanwhile."""

    def __init__(self, server, path=""):
        super().__init__(daemon=True)
        self.server, self.path, self.status, self.body = server, path, None, b""
        self.start()

    def run(self):
        try:
            self.status, _, self.body = self.server.ask(self.path, timeout=90)
        except OSError as error:
            self.body = str(error).encode()


def page_wanted(server):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return connection


def at_once(program, arguments, folder, check):
    """Pages that take long, here since nobody writes into the file of alerts, hold up nothing but pages beyond the fourth."""
    fifo = os.path.join(folder, "alerts.fifo")
    os.mkfifo(fifo)
    server = Server(program, *arguments, "--file", fifo, "--listen", "127.0.0.1:0")
    pid = server.child.pid
    slow = [Asking(server, path) for path in ("", "weekly", "controls", "host?10.1.0.1")]
    check(wait_until(lambda: len(children(pid)) == 4), "four pages are made at once", children(pid))
    made = children(pid)
    waiting = [page_wanted(server) for _ in range(28)]
    check(server.ask("host?nobody")[0] == 404, "others are answered meanwhile")
    refused = server.ask()
    check(refused[0] == 503 and b"too many" in refused[2], "a page too many is turned away", refused)
    with server.stream() as stream:
        check(b"event: state" in until(stream, b"event: state"), "and the stream goes on")
    check(children(pid) == made and all(asking.is_alive() for asking in slow), "more wait for their turn", children(pid))
    for connection in waiting:
        connection.close()
    for asking in slow:
        asking.join(timeout=90)
    check([asking.status for asking in slow] == [503] * 4 and all(b"too long" in asking.body for asking in slow), "a page has its time and no more",
          [(asking.status, asking.body[:80]) for asking in slow])
    check(wait_until(lambda: not children(pid), 10), "its process ends, and none was made for those that had gone", children(pid))
    connection = page_wanted(server)
    check(wait_until(lambda: len(children(pid)) == 1), "one is asked for", children(pid))
    connection.close()
    check(wait_until(lambda: not children(pid), 10), "its process ends with who asked", children(pid))
    busy = [Asking(server) for _ in range(3)]
    check(wait_until(lambda: len(children(pid)) == 3), "three are asked for", children(pid))
    workers = children(pid)
    status, err = server.end()
    check(status == 0 and "ERROR" not in err, "it ends in good order while pages are made", f"{status} {err}")
    check(wait_until(lambda: not any(os.path.exists(f"/proc/{worker}") for worker in workers)), "and so do its processes", workers)
    for asking in busy:
        asking.join(timeout=20)


def never_read(server, check):
    """Clients that never take their page hold a place each, and nobody else's."""
    silent = [page_wanted(server) for _ in range(28)]
    several = [Asking(server, path) for path in ("", "weekly", "host?10.1.0.1")]
    for asking in several:
        asking.join(timeout=120)
    check([asking.status for asking in several] == [200] * 3, "others get theirs", [asking.status for asking in several])
    for connection in silent:
        connection.close()
    check(wait_until(lambda: server.ask()[0] == 200), "and when they go all is as before")


def in_browser(server, daemon, check, pictures):
    chromium = browser.find()
    if not chromium:
        return "the browser's part was skipped: Debian package chromium is missing"
    page = browser.Page(chromium, server.url)
    check(page.until("document.querySelector('#state').textContent.indexOf('exfild watches') === 0"), "its state is told", page.value("document.body.innerText")[:400])
    check(page.until("document.querySelectorAll('#live tbody tr').length > 5"), "what is known is shown")
    for number, name in enumerate(HOSTILE):
        daemon.push(alert_of(daemon.alerts, 700 + number, name))
    first = "document.querySelector('#live tbody tr').cells[2].textContent"
    check(page.until(f"{first} === {json.dumps(HOSTILE[-1])}"), "alerts appear as they come", page.value(first))
    live = page.value("document.querySelector('#live').innerHTML")
    check("b" * 255 in live and "\\u202egpj.exe" in live and "&lt;script&gt;" in live and "<img" not in live and "javascript:" not in
          str(page.value("Array.from(document.links).map(function (a) { return a.href; })")), "with names that mean harm as text", live[:1500])
    # a second later its parts are drawn anew; what somebody has sorted stays so
    page.value("document.querySelector('#traffic ~ .scroll th button').click(); window.before = document.querySelector('#traffic')")
    check(page.until("document.querySelector('#traffic') !== window.before"), "its charts are drawn anew")
    check(page.value("document.querySelectorAll('#traffic ~ .scroll th[aria-sort]').length") == 1, "sorted as it was")
    check(page.value("document.querySelectorAll('rect').length") > 10 and page.value("document.querySelectorAll('circle').length") > 1, "charts are drawn")
    page.value("document.querySelectorAll('th[aria-sort]').forEach(function (h) { h.removeAttribute('aria-sort'); })")
    page.value(report.PROBE)
    check((page.value("document.title") or "").startswith("probe: good"), "tables sort, charts have room", page.value("document.title"))
    if pictures:
        for name, width, dark in (("light", 1200, False), ("dark", 1200, True), ("phone", 400, False)):
            page.shoot(os.path.join(os.path.abspath(pictures), f"serve-{name}.png"), width, 2600, dark)
    page.value("document.querySelector('a[href^=\"host?\"]').click()")
    check(page.until("document.querySelector('#story') && document.querySelector('#state').textContent.indexOf('exfild watches') === 0"), "a host has its page")
    check(not page.value("window.hurt"), "no name ran as a script")
    check(not page.console, "nothing is said on the console", "\n".join(page.console))
    check(page.requests and all(url.startswith((server.url, "data:")) for url in page.requests), "nothing is asked for elsewhere", page.requests)
    page.close()
    return ""


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--exfilctl", required=True)
    parser.add_argument("--fill", required=True)
    parser.add_argument("--pictures", help="a folder for screenshots")
    options = parser.parse_args()
    check = harness.Checks()
    note = ""
    with tempfile.TemporaryDirectory() as temp:
        told = harness.run(options.exfild, "-q", *report.captures(report.MANY[:1] + report.MANY[3:]), "-o", "json", timeout=120)
        alerts = told.alerts()
        alerts += [alert_of(alerts, 800 + i, name) for i, name in enumerate(HOSTILE)]
        database = os.path.join(temp, "usage.db")
        harness.run(options.fill, database, "50", "20", "10")
        daemon = Daemon(os.path.join(temp, "control.sock"), alerts[-30:])
        arguments = ["-s", daemon.path, "--usage", database]
        server = Server(options.exfilctl, *arguments, "--listen", "127.0.0.1:0")
        check(server.port, f"it says where it is: {server.url}")
        who_may(server, check)
        streams(server, daemon, check)
        never_read(server, check)
        note = in_browser(server, daemon, check, options.pictures)
        status, err = server.end()
        check(status == 0 and "ERROR" not in err, "it ends in good order", f"{status} {err}")
        tokens(options.exfilctl, arguments, temp, check)
        at_once(options.exfilctl, arguments, temp, check)
        daemon.stop()
    return check.end(note)


if __name__ == "__main__":
    sys.exit(main())
