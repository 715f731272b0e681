#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""channels.py SCENARIO OUT: command channels and what looks like them, written as packets.

The programs behind them are not at hand, or must not be: what a program of the kind sends is written here from its
published descriptions. Inside is 10.20.1.0/24, outside 203.0.113.0/24 and 198.51.100.0/24, the resolver 10.20.1.1.
openssl makes the certificates."""
import base64
import os
import subprocess
import tempfile

from conversation import Tcp, answer, dns, http, secret, tls, write_scenario

VICTIM, RESOLVER = "10.20.1.10", "10.20.1.1"
BROWSER = ["User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0",
           "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Accept-Language: en-US,en;q=0.5",
           "Accept-Encoding: gzip, deflate", "Connection: keep-alive", "Upgrade-Insecure-Requests: 1"]
FALSE_BROWSER = ["Accept: */*", "Content-Type: application/x-www-form-urlencoded",
                 "User-Agent: Mozilla/5.0 (Windows NT 6.1; Win64; x64; Trident/7.0; rv:11.0) like Gecko"]


def certificate(subject, days, names=None):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "c.der")
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.path.join(folder, "k"),
                   "-subj", subject, "-days", str(days), "-outform", "der", "-out", out]
        if names:
            command += ["-addext", "subjectAltName=" + ",".join("DNS:" + n for n in names)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        with open(out, "rb") as stream:
            return stream.read()


def http_checkins(tape):
    """A loader: asks for its own address, then posts the same form every two minutes, browser in name only."""
    dns(tape, 1, VICTIM, RESOLVER, "api.ipify.org", "198.51.100.7")
    c = Tcp(tape, 1.1, VICTIM, "198.51.100.7", 80).open()
    c.ask(http("GET", "api.ipify.org", "/", FALSE_BROWSER[:1] + FALSE_BROWSER[2:]), answer(b"203.0.113.77", "text/plain"))
    c.close()
    dns(tape, 3, VICTIM, RESOLVER, "ledgerhall.example", "203.0.113.40")
    for i in range(8):
        c = Tcp(tape, 4 + 120 * i + tape.dice.random(), VICTIM, "203.0.113.40", 80).open()
        body = b"GUID=11880477&BUILD=1012&INFO=WS-17&IP=203.0.113.77&TYPE=1&WIN=10.0"
        c.ask(http("POST", "ledgerhall.example", "/4/forum.php", FALSE_BROWSER, body), answer(b"eyJ0IjoibiJ9"))
        c.close()


def tls_rat(tape):
    """A remote access tool: TLS 1.0 with a certificate made at first start, no name, port 6606, pings every 15 s."""
    der = certificate("/CN=Remote Server", 36500)
    c = Tcp(tape, 1, VICTIM, "203.0.113.41", 6606).open()
    tls(c, der, version=0x0301)
    secret(c, 0, 304, 0x0301)
    for i in range(30):
        c.wait(14.5 + tape.dice.random())
        secret(c, 0, 32, 0x0301)
        secret(c, 0, 80, 0x0301)
        if i % 7 == 3:
            secret(c, 1, 64, 0x0301)
            secret(c, 0, 560, 0x0301)
    c.close()


def dga_names(tape):
    """A generator of names tries 40 of a day, one of which exists."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for i in range(40):
        name = "".join(tape.dice.choice(letters) for _ in range(tape.dice.randrange(11, 14))) + ".info"
        dns(tape, 1 + 4 * i + tape.dice.random(), VICTIM, RESOLVER, name, "203.0.113.42" if i == 36 else None)


def visit(tape, at, client, address, sizes=(300, 900), port=443):
    """A short connection of records: 23 3 3 and noise, as a flow recorder sees TLS."""
    c = Tcp(tape, at, client, address, port).open()
    secret(c, 0, sizes[0])
    secret(c, 1, sizes[1])
    c.close()


def beacon_jitter(tape):
    """A beacon of five minutes with a third of jitter, to a bare address, for four hours; a tenth of it is lost."""
    at = 1
    while at < 4 * 3600:
        if tape.dice.random() > 0.1:
            visit(tape, at, VICTIM, "203.0.113.43", (310, 820))
        at += 300 * (1 - 0.33 * tape.dice.random())


def beacon_refused(tape):
    """A beacon whose master is gone: a SYN every minute, and a reset."""
    for i in range(12):
        Tcp(tape, 1 + 60 * i, VICTIM, "203.0.113.44", 8531).refuse()


def raw_agent(tape):
    """A download of an ELF program, then its own quiet conversation with the same server, in bytes of its own."""
    c = Tcp(tape, 1, VICTIM, "203.0.113.46", 8888).open()
    program = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00\x01\x00\x00\x00" + tape.dice.randbytes(3000)
    c.ask(http("GET", "203.0.113.46:8888", "/agent", ["User-Agent: curl/7.88.1", "Accept: */*"]),
          answer(program, "application/octet-stream"))
    c.close()
    c = Tcp(tape, 4, VICTIM, "203.0.113.46", 7010).open()
    c.send(0, b"\x00" + tape.dice.randbytes(70))
    for i in range(40):
        c.wait(14 + tape.dice.random())
        c.send(1, tape.dice.randbytes(12 if i % 5 else 60))
        c.send(0, tape.dice.randbytes(20 if i % 5 else 240))
    c.close()


def infection(tape):
    """A loader's first minutes: a program named as a picture, the own address, dead hosts, TLS of a stranger."""
    dns(tape, 0.5, VICTIM, RESOLVER, "gallery.example", "203.0.113.50")
    c = Tcp(tape, 1, VICTIM, "203.0.113.50", 80).open()
    program = b"MZ\x90\x00" + bytes(56) + b"\x80\x00\x00\x00" + bytes(64) + b"PE\x00\x00\x4c\x01" + tape.dice.randbytes(4000)
    c.ask(http("GET", "gallery.example", "/html/logo.png", ["Accept: */*"]), answer(program, "image/png"))
    c.close()
    dns(tape, 8, VICTIM, RESOLVER, "icanhazip.com", "198.51.100.7")
    c = Tcp(tape, 8.5, VICTIM, "198.51.100.7", 80).open()
    c.ask(http("GET", "icanhazip.com", "/", BROWSER[:1]), answer(b"203.0.113.77\n", "text/plain"))
    c.close()
    for i in range(4):
        Tcp(tape, 20 + 5 * i, VICTIM, "203.0.113.%d" % (60 + i), 443).refuse()
    c = Tcp(tape, 60, VICTIM, "203.0.113.65", 443).open()
    tls(c, certificate("/CN=www.router.example", 1826), version=0x0301)
    for _ in range(4):
        secret(c, 0, tape.dice.randrange(150, 400), 0x0301)
        secret(c, 1, tape.dice.randrange(100, 900), 0x0301)
    c.close()


def frame(data, mask=None, opcode=2):
    head = bytes([0x80 | opcode, len(data) | (0x80 if mask else 0)])
    return head + (mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)) if mask else data)


def ssh_in_websocket(tape):
    """wstunnel's way: a WebSocket to an outside host, in whose frames SSH begins."""
    dns(tape, 0.5, VICTIM, RESOLVER, "edge.example", "203.0.113.47")
    c = Tcp(tape, 1, VICTIM, "203.0.113.47", 80).open()
    upgrade = ["Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Key: aDNPOHUyU2RkZkphZXhLeQ==",
               "Sec-WebSocket-Version: 13"]
    c.send(0, http("GET", "edge.example", "/v1/events", upgrade))
    c.send(1, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
    c.send(0, frame(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", tape.dice.randbytes(4)))
    c.send(1, frame(b"SSH-2.0-OpenSSH_9.6\r\n"))
    for _ in range(20):
        c.send(0, frame(tape.dice.randbytes(tape.dice.randrange(36, 100)), tape.dice.randbytes(4)))
        c.send(1, frame(tape.dice.randbytes(tape.dice.randrange(36, 120))))
    c.close()


def benign_people(tape):
    """People and programs for four hours: Poisson visits and bursts to bare addresses, a program that calls home."""
    at = 1
    while at < 4 * 3600:
        visit(tape, at, VICTIM, "198.51.100.30", (tape.dice.randrange(100, 3000), tape.dice.randrange(300, 2000)))
        at += tape.dice.expovariate(1 / 120)
    at = 5
    while at < 4 * 3600:
        for _ in range(tape.dice.randrange(2, 12)):
            visit(tape, at, "10.20.1.11", "198.51.100.31", (tape.dice.randrange(100, 3000), 900))
            at += 1 + tape.dice.expovariate(1 / 3)
        at += tape.dice.paretovariate(1.2) * 60
    dns(tape, 2, "10.20.1.12", RESOLVER, "licence.maker.example", "198.51.100.32")
    for i in range(48):
        visit(tape, 10 + 300 * i + tape.dice.random(), "10.20.1.12", "198.51.100.32")


def benign_web_programs(tape):
    """What comes back by itself and is no channel: pages, updates, telemetry, connectivity checks, own appliances."""
    good = certificate("/O=Example Web/CN=www.shop.example", 90, ["www.shop.example", "shop.example"])
    dns(tape, 1, VICTIM, RESOLVER, "news.example", "198.51.100.20")
    for i in range(6):  # a page with its parts
        c = Tcp(tape, 2 + 40 * i, VICTIM, "198.51.100.20", 80).open()
        c.ask(http("GET", "news.example", "/story/%d.html" % (100 + i), BROWSER), answer(b"<html>" + bytes(9000)))
        part = BROWSER + ["Referer: http://news.example/story/%d.html" % (100 + i)]
        for name, kind in (("a.css", "text/css"), ("b.js", "text/javascript"), ("c.png", "image/png")):
            c.ask(http("GET", "news.example", "/static/" + name, part), answer(bytes(3000), kind))
        c.ask(http("POST", "news.example", "/count", part, b"page=%d" % i), answer(b"", status="204 No Content"))
        c.close()
    dns(tape, 5, VICTIM, RESOLVER, "telemetry.printer.example", "198.51.100.21")
    for i in range(20):  # a printer's supplies, every five minutes, under its own name
        c = Tcp(tape, 10 + 300 * i, VICTIM, "198.51.100.21", 80).open()
        body = b'{"model":"P400","toner":%d}' % (80 - i)
        head = ["User-Agent: PrintAgent/4.1", "Content-Type: application/json"]
        c.ask(http("POST", "telemetry.printer.example", "/v1/state", head, body), answer(b"{}", "application/json"))
        c.close()
    dns(tape, 6, VICTIM, RESOLVER, "check.desktop.example", "198.51.100.22")
    for i in range(20):  # is there a way to the Internet
        c = Tcp(tape, 20 + 300 * i, VICTIM, "198.51.100.22", 80).open()
        c.ask(http("GET", "check.desktop.example", "/", ["Accept: */*"]), answer(b"", status="204 No Content"))
        c.close()
    own = certificate("/CN=switch-7", 3650)  # an appliance inside, watched every minute
    for i in range(60):
        c = Tcp(tape, 30 + 60 * i, VICTIM, "10.20.1.200", 4443).open()
        tls(c, own)
        secret(c, 0, 200)
        secret(c, 1, 900)
        c.close()
    dns(tape, 7, VICTIM, RESOLVER, "www.shop.example", "198.51.100.23")
    for i in range(15):  # a shop that is visited
        c = Tcp(tape, 40 + tape.dice.expovariate(1 / 300) + 200 * i, VICTIM, "198.51.100.23", 443).open()
        tls(c, good, "www.shop.example", alpn=["h2", "http/1.1"])
        for _ in range(tape.dice.randrange(3, 12)):
            secret(c, 0, tape.dice.randrange(80, 700))
            secret(c, 1, tape.dice.randrange(500, 9000))
            c.wait(tape.dice.expovariate(1))
        c.close()
    c = Tcp(tape, 60, VICTIM, "198.51.100.20", 80).open()  # a page's WebSocket
    c.send(0, http("GET", "news.example", "/live", BROWSER + ["Upgrade: websocket", "Sec-WebSocket-Version: 13"]))
    c.send(1, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
    for i in range(30):
        c.send(1, frame(b'{"ticker":%d}' % i, opcode=1))
        c.send(0, frame(b'{"seen":%d}' % i, tape.dice.randbytes(4), 1))
        c.wait(20)
    c.close()
    for i in range(25):  # mistyped and dead names
        word = base64.b32encode(bytes([i, 7])).decode().lower()[:2]
        dns(tape, 50 + 90 * i, VICTIM, RESOLVER, "%s.office-%s.example" % (word, word), None)
        dns(tape, 55 + 90 * i, VICTIM, RESOLVER, "wpad.corp.example", None)


if __name__ == "__main__":
    write_scenario(__doc__, http_checkins, tls_rat, dga_names, beacon_jitter, beacon_refused, raw_agent, infection,
                   ssh_in_websocket, benign_people, benign_web_programs)
