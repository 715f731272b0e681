#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Conversations of steps that no packaged tool makes here, written packet by packet.

usage: write_pcap.py winrm|poisoning|pivot|edges|arp|dhcp|relay|link OUT.pcap

winrm      PowerShell remoting: heads as Windows sends them, bodies random; event forwarding beside it
poisoning  three clients ask by LLMNR and NetBIOS, one host answers for everything, one client logs in by SMB
pivot      PowerShell remoting to a client, and from there on to a server, while the first session lasts; a third one apart
arp        a host tells a client that the gateway is here, and the gateway that the client is
dhcp       a second server answers with itself as router and resolver; by IPv6 one gives link-local addresses
relay      a client logs in by HTTP and NTLM, and its answer goes on to a directory; a proxy passes another one on to a web server
link       what looks like arp and dhcp: a cluster that takes over, a router that answers for others, two servers of one mind
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


MACS = {"gw": "020000000001", "client": "02000000000a", "bad": "020000000066", "other": "02000000000b", "node": "0200000000f2"}


def link(p, src, dst, kind, payload):
    data = bytes.fromhex(dst) + bytes.fromhex(src) + struct.pack(">H", kind) + payload
    data = data.ljust(60, b"\0")
    p.out.write(struct.pack("<IIII", int(p.now), int(p.now % 1 * 1e6), len(data), len(data)) + data)
    p.now += 0.0011


def arp_packet(p, operation, who, sender, target, to="ffffffffffff"):
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + bytes.fromhex(MACS[who]) + bytes(ip(sender))
    body += (bytes(6) if operation == 1 else bytes.fromhex(to)) + bytes(ip(target))
    link(p, MACS[who], to, 0x0806, body)


def ask(p, who, sender, owner, target):
    arp_packet(p, 1, who, sender, target)
    arp_packet(p, 2, owner, target, sender, MACS[who])


def arp(p):
    ask(p, "client", "10.20.1.10", "gw", "10.20.1.1")
    ask(p, "bad", "10.20.1.66", "gw", "10.20.1.1")
    ask(p, "bad", "10.20.1.66", "client", "10.20.1.10")
    p.now += 5
    for _ in range(6):
        arp_packet(p, 2, "bad", "10.20.1.1", "10.20.1.10", MACS["client"])
        arp_packet(p, 2, "bad", "10.20.1.10", "10.20.1.1", MACS["gw"])
        p.now += 2


def dhcp4(p, server, mac, number, given, options):
    def message(op, kind, yiaddr, more):
        head = struct.pack(">BBBBIHH4s4s4s4s", op, 1, 6, 0, number, 0, 0, bytes(4), bytes(ip(yiaddr)), bytes(4), bytes(4))
        return head + bytes.fromhex(mac) + bytes(10 + 192) + b"\x63\x82\x53\x63\x35\x01" + bytes([kind]) + more + b"\xff"
    everybody = ip("255.255.255.255")
    p.udp(ip("0.0.0.0"), 68, everybody, 67, message(1, 1, "0.0.0.0", b""))
    for address, answer in zip(server, options):
        body = b"\x36\x04" + bytes(ip(address)) + b"\x33\x04" + struct.pack(">I", 3600)
        for code, value in answer.items():
            data = bytes(ip(value)) if code != 252 else value.encode()
            body += bytes([code, len(data)]) + data
        p.udp(ip(address), 67, everybody, 68, message(2, 2, given, body))


def dhcp6_reply(p, server, client, given, resolver):
    import socket
    pack = lambda a: socket.inet_pton(socket.AF_INET6, a)
    option = lambda code, data: struct.pack(">HH", code, len(data)) + data
    duid = b"\0\3\0\1" + bytes.fromhex(MACS["client"])
    address = option(5, pack(given) + struct.pack(">II", 300, 300))
    body = bytes([7]) + random.randbytes(3) + option(1, duid) + option(2, b"\0\3\0\1" + bytes.fromhex(MACS["bad"]))
    body += option(3, struct.pack(">III", 1, 200, 250) + address) + option(23, pack(resolver))
    udp = struct.pack(">HHHH", 547, 546, 8 + len(body), 0) + body
    total = pack(server) + pack(client) + struct.pack(">II", len(udp), 17) + udp + b"\0" * (len(udp) & 1)
    s = sum(struct.unpack(f">{len(total) // 2}H", total))
    s = (s & 0xFFFF) + (s >> 16)
    udp = udp[:6] + struct.pack(">H", ~((s & 0xFFFF) + (s >> 16)) & 0xFFFF) + udp[8:]
    link(p, MACS["bad"], MACS["client"], 0x86DD, struct.pack(">IHBB", 6 << 28, len(udp), 17, 64) + pack(server) + pack(client) + udp)


def dhcp(p):
    good = {1: "255.255.255.0", 3: "10.20.1.1", 6: "10.20.2.20"}
    dhcp4(p, ["10.20.1.1"], "02000000000a", 1, "10.20.1.10", [good])
    p.now += 30
    dhcp4(p, ["10.20.1.1", "10.20.1.66"], "02000000000b", 2, "10.20.1.11", [good, {1: "255.255.255.0", 3: "10.20.1.66", 6: "10.20.1.66", 252: "http://10.20.1.66/w"}])
    p.now += 30
    dhcp6_reply(p, "fe80::66", "fe80::a", "fe80::10:20:1:10", "fe80::66")


def ntlm(kind, user="", proof=b""):
    if kind == 1:
        return b"NTLMSSP\0" + struct.pack("<II", 1, 0x00088207) + bytes(16)
    if kind == 2:
        return b"NTLMSSP\0" + struct.pack("<IHHII", 2, 0, 0, 48, 0x00088205) + random.randbytes(8) + bytes(16)
    name = user.encode("utf-16-le")
    answer = proof + b"\1\1" + bytes(6) + random.randbytes(16) + bytes(8)
    fields, at, data = b"", 64, b""
    for value in (bytes(24), answer, "CORP".encode("utf-16-le"), name, "PC10".encode("utf-16-le"), b""):
        fields += struct.pack("<HHI", len(value), len(value), at + len(data))
        data += value
    return b"NTLMSSP\0" + struct.pack("<I", 3) + fields + struct.pack("<I", 0x00088205) + data


def http_ntlm(p, client, port, server, user, proof, last):
    import base64
    t = Tcp(p, ip(client), port, ip(server), 80)
    for token, status, answer in ((ntlm(1), "401 Unauthorized", ntlm(2)), (ntlm(3, user, proof), last, None)):
        t.send(0, b"GET /share HTTP/1.1\r\nHost: files\r\nUser-Agent: Mozilla/5.0\r\nAuthorization: NTLM " + base64.b64encode(token) + b"\r\n\r\n")
        more = b"WWW-Authenticate: NTLM " + base64.b64encode(answer) + b"\r\n" if answer else b""
        t.send(1, f"HTTP/1.1 {status}\r\n".encode() + more + b"Content-Length: 0\r\n\r\n")
    t.close()


def ber(tag, *parts):
    data = b"".join(parts)
    size = bytes([len(data)]) if len(data) < 128 else b"\x82" + struct.pack(">H", len(data))
    return bytes([tag]) + size + data


def ldap_ntlm(p, client, port, server, user, proof):
    t = Tcp(p, ip(client), port, ip(server), 389)
    for number, token, code, answer in ((1, ntlm(1), 14, ntlm(2)), (2, ntlm(3, user, proof), 0, b"")):
        bind = ber(0x60, b"\x02\x01\x03\x04\x00", ber(0xa3, ber(4, b"GSS-SPNEGO"), ber(4, token)))
        t.send(0, ber(0x30, b"\x02\x01" + bytes([number]), bind))
        reply = ber(0x61, b"\x0a\x01" + bytes([code]), b"\x04\0\x04\0", ber(0x87, answer))
        t.send(1, ber(0x30, b"\x02\x01" + bytes([number]), reply))
    t.close()


def relay(p):
    proof = random.randbytes(16)
    ldap_ntlm(p, "10.20.1.66", 50701, "10.20.2.20", "alice", proof)
    http_ntlm(p, "10.20.1.10", 50700, "10.20.1.66", "alice", proof, "404 Not Found")
    p.now += 20
    proof = random.randbytes(16)
    http_ntlm(p, "10.20.1.11", 50710, "10.20.2.30", "bob", proof, "200 OK")
    http_ntlm(p, "10.20.2.30", 50711, "10.20.2.31", "bob", proof, "200 OK")


def look_alikes(p):
    ask(p, "client", "10.20.1.10", "gw", "10.20.1.1")
    p.now += 60
    for _ in range(5):  # the other node of a cluster takes the address
        arp_packet(p, 2, "node", "10.20.1.1", "10.20.1.1")
        p.now += 1
    for n in range(20, 50):  # and answers for what lies behind it
        ask(p, "client", "10.20.1.10", "node", f"10.20.1.{n}")
        ask(p, "other", "10.20.1.11", "node", "10.20.1.1")
        p.now += 1
    same = {1: "255.255.255.0", 3: "10.20.1.1", 6: "10.20.2.20"}
    for n in range(5):
        dhcp4(p, ["10.20.2.20", "10.20.2.21"], f"0200000001{n:02x}", 10 + n, f"10.20.1.{100 + n}", [same, same])
        p.now += 3


if __name__ == "__main__":
    {"winrm": winrm, "poisoning": poisoning, "pivot": pivot, "edges": edges, "arp": arp, "dhcp": dhcp, "relay": relay,
     "link": look_alikes}[sys.argv[1]](Pcap(sys.argv[2]))
