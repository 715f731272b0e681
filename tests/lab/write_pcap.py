#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Conversations of steps that no packaged tool makes here, written packet by packet.

usage: write_pcap.py winrm|poisoning|pivot|edges OUT.pcap

winrm      PowerShell remoting: heads as Windows sends them, bodies random; event forwarding beside it
poisoning  three clients ask by LLMNR and NetBIOS, one host answers for everything, one client logs in by SMB
pivot      PowerShell remoting to a client, and from there on to a server, while the first session lasts; a third one apart
edges      an administrator manages a server, time passes for eight days, and another host manages one
"""
import random
import struct
import sys

START = 1795000000.0
random.seed(7)


class Pcap:
    def __init__(self, path):
        self.out = open(path, "wb")
        self.out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        self.now = START

    def frame(self, src, dst, proto, payload):
        mac = lambda a: b"\x02\0" + bytes(a)
        total = 20 + len(payload)
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, total, 1, 0, 64, proto, 0, bytes(src), bytes(dst))
        s = sum(struct.unpack(">10H", head))
        s = (s & 0xFFFF) + (s >> 16)
        head = head[:10] + struct.pack(">H", ~((s & 0xFFFF) + (s >> 16)) & 0xFFFF) + head[12:]
        data = mac(dst) + mac(src) + b"\x08\0" + head + payload
        self.out.write(struct.pack("<IIII", int(self.now), int(self.now % 1 * 1e6), len(data), len(data)) + data)
        self.now += 0.0011

    def udp(self, src, sport, dst, dport, payload):
        self.frame(src, dst, 17, struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload)


class Tcp:
    def __init__(self, pcap, client, cport, server, sport):
        self.p, self.ends, self.seq = pcap, ((client, cport), (server, sport)), [1000, 5000]
        self.segment(0, 2, b"")
        self.segment(1, 0x12, b"")
        self.segment(0, 0x10, b"")

    def segment(self, side, flags, data):
        (a, ap), (b, bp) = self.ends[side], self.ends[1 - side]
        ack = self.seq[1 - side] if flags & 0x10 else 0
        self.p.frame(a, b, 6, struct.pack(">HHIIBBHHH", ap, bp, self.seq[side], ack, 0x50, flags, 65000, 0, 0) + data)
        self.seq[side] += len(data) + (1 if flags & 3 else 0)

    def send(self, side, data):
        for at in range(0, len(data), 1400):
            self.segment(side, 0x18, data[at:at + 1400])
        self.segment(1 - side, 0x10, b"")

    def close(self):
        self.segment(0, 0x11, b"")
        self.segment(1, 0x11, b"")
        self.segment(0, 0x10, b"")


def ip(text):
    return [int(x) for x in text.split(".")]


def http_post(t, uri, agent, host, body, kind):
    head = (f"POST {uri} HTTP/1.1\r\nConnection: Keep-Alive\r\nContent-Type: {kind}\r\nUser-Agent: {agent}\r\n"
            f"Content-Length: {len(body)}\r\nHost: {host}:5985\r\n\r\n")
    t.send(0, head.encode() + body)
    answer = random.randbytes(1100) if body else b""
    t.send(1, f"HTTP/1.1 200 \r\nContent-Type: {kind}\r\nServer: Microsoft-HTTPAPI/2.0\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)


SEALED = 'multipart/encrypted;protocol="application/HTTP-Kerberos-session-encrypted";boundary="Encrypted Boundary"'


def winrm(p):
    t = Tcp(p, ip("10.20.1.10"), 50100, ip("10.20.1.12"), 5985)
    http_post(t, "/wsman?PSVersion=5.1.19041.1", "Microsoft WinRM Client", "pc12", b"", "application/soap+xml;charset=UTF-8")
    for size in (5600, 1950, 2100, 2900, 1700, 1600):
        http_post(t, "/wsman?PSVersion=5.1.19041.1", "Microsoft WinRM Client", "pc12", random.randbytes(size), SEALED)
        p.now += 0.7
    t.close()
    for n in (11, 13):
        t = Tcp(p, ip(f"10.20.1.{n}"), 50200 + n, ip("10.20.2.20"), 5985)
        for _ in range(6):
            http_post(t, "/wsman/SubscriptionManager/WEC", "Microsoft WinRM Client", "wec", random.randbytes(1500), SEALED)
        t.close()


def dns_name(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"


def llmnr(p, asker, name, answerer):
    number = random.randrange(65536)
    question = dns_name(name) + struct.pack(">HH", 1, 1)
    p.udp(asker, 52000, ip("224.0.0.252"), 5355, struct.pack(">6H", number, 0, 1, 0, 0, 0) + question)
    if answerer:
        p.udp(answerer, 5355, asker, 52000, struct.pack(">6H", number, 0x8000, 1, 1, 0, 0) + question +
              dns_name(name) + struct.pack(">HHIH", 1, 1, 30, 4) + bytes(answerer))


def netbios(name, kind):
    padded = name.upper().ljust(15).encode() + bytes([kind])
    return b"\x20" + b"".join(bytes([65 + (c >> 4), 65 + (c & 15)]) for c in padded) + b"\0"


def nbns(p, asker, name, answerer):
    number = random.randrange(65536)
    p.udp(asker, 137, ip("10.20.1.255"), 137, struct.pack(">6H", number, 0x0110, 1, 0, 0, 0) + netbios(name, 0x20) + struct.pack(">HH", 32, 1))
    if answerer:
        p.udp(answerer, 137, asker, 137, struct.pack(">6H", number, 0x8500, 0, 1, 0, 0) + netbios(name, 0x20) +
              struct.pack(">HHIHH", 32, 1, 165, 6, 0) + bytes(answerer))


def poisoning(p):
    bad = ip("10.20.1.66")
    for asker, name in (("10.20.1.10", "filesrv"), ("10.20.1.11", "intranett"), ("10.20.1.12", "printer-old"), ("10.20.1.10", "wpad"),
                        ("10.20.1.11", "fileserver2")):
        llmnr(p, ip(asker), name, bad)
        nbns(p, ip(asker), name, bad)
        p.now += 3
    llmnr(p, ip("10.20.1.10"), "desktop-12", ip("10.20.1.12"))
    t = Tcp(p, ip("10.20.1.11"), 50300, bad, 21)
    t.send(1, b"220 ready\r\n")
    t.send(0, b"USER guest\r\n")
    t.send(1, b"331 password\r\n")
    t.send(0, b"PASS summer\r\n")
    t.send(1, b"530 no\r\n")
    t.close()


def remote(p, client, cport, server, turns):
    t = Tcp(p, ip(client), cport, ip(server), 5985)
    for _ in range(turns):
        http_post(t, "/wsman?PSVersion=5.1.19041.1", "Microsoft WinRM Client", server, random.randbytes(1800), SEALED)
        p.now += 2.5
    return t


def pivot(p):
    first = remote(p, "10.20.1.10", 50400, "10.20.1.12", 6)
    second = remote(p, "10.20.1.12", 50500, "10.20.2.21", 6)
    second.close()
    first.close()
    remote(p, "10.20.1.11", 50600, "10.20.2.22", 6).close()


def edges(p):
    remote(p, "10.20.1.10", 50400, "10.20.2.20", 3).close()
    for n in range(8 * 24 * 60 // 50):  # time goes on, at a step that is no leap
        p.now += 3000
        p.udp(ip("10.20.1.10"), 123, ip("10.20.2.20"), 123, b"\x23\2" + bytes(46))
        p.udp(ip("10.20.2.20"), 123, ip("10.20.1.10"), 123, b"\x24\2" + bytes(46))
    remote(p, "10.20.1.10", 50500, "10.20.2.20", 3).close()
    remote(p, "10.20.1.11", 50600, "10.20.2.22", 3).close()


if __name__ == "__main__":
    {"winrm": winrm, "poisoning": poisoning, "pivot": pivot, "edges": edges}[sys.argv[1]](Pcap(sys.argv[2]))
