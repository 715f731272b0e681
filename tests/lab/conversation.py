# SPDX-License-Identifier: MIT
"""Conversations of TCP and UDP written as packets: for traffic of programs that no package holds. No dependency."""
import random
import socket
import struct
import sys

import capture_io

SECOND = 10**9
SYN, ACK, PSH, FIN, RST = 2, 16, 8, 1, 4
MSS = 1400


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(src, dst, proto, body):
    ends = socket.inet_aton(src) + socket.inet_aton(dst)
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, proto, 0) + ends
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    macs = b"\x02\x00" + socket.inet_aton(dst) + b"\x02\x00" + socket.inet_aton(src)
    return macs + b"\x08\x00" + head + body


def pseudo(src, dst, proto, length):
    return socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack(">BBH", 0, proto, length)


class Tape:
    """Packets in any order; save() sorts them by time."""

    def __init__(self, start=1770000000, seed=1):
        self.start, self.packets, self.dice = start, [], random.Random(seed)
        self.port = 40000

    def put(self, at, frame):
        self.packets.append((int((self.start + at) * SECOND), len(self.packets), frame))

    def save(self, path):
        with capture_io.Writer(path, nanoseconds=False) as out:
            for time, _, frame in sorted(self.packets):
                out.write(time, frame, len(frame))

    def udp(self, at, src, sport, dst, dport, data):
        body = struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data
        sum_ = checksum(pseudo(src, dst, 17, len(body)) + body) or 0xFFFF
        self.put(at, ipv4(src, dst, 17, body[:6] + struct.pack(">H", sum_) + data))

    def client_port(self):
        self.port = 40000 + (self.port - 39999) % 20000
        return self.port


class Tcp:
    """One connection; at: seconds from the tape's start. Each call moves its own clock on by a round trip."""

    def __init__(self, tape, at, client, server, port, rtt=0.02):
        self.tape, self.at, self.rtt = tape, at, rtt
        self.ends = ((client, tape.client_port()), (server, port))
        self.seq = [tape.dice.randrange(2**32), tape.dice.randrange(2**32)]

    def segment(self, side, flags, data=b""):
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        ack = self.seq[1 - side] if flags & ACK else 0
        head = struct.pack(">HHIIBBHHH", sport, dport, self.seq[side], ack, 0x50, flags, 64000, 0, 0)
        sum_ = checksum(pseudo(src, dst, 6, len(head) + len(data)) + head + data)
        self.tape.put(self.at, ipv4(src, dst, 6, head[:16] + struct.pack(">H", sum_) + head[18:] + data))
        self.seq[side] = (self.seq[side] + len(data) + (1 if flags & (SYN | FIN) else 0)) % 2**32
        self.at += self.rtt / 2

    def open(self):
        self.segment(0, SYN)
        self.segment(1, SYN | ACK)
        self.segment(0, ACK)
        return self

    def refuse(self):
        self.segment(0, SYN)
        self.segment(1, RST | ACK)

    def send(self, side, data):
        for i in range(0, len(data), MSS):
            self.segment(side, PSH | ACK, data[i:i + MSS])
        self.segment(1 - side, ACK)

    def ask(self, up, down):
        self.send(0, up)
        self.send(1, down)

    def wait(self, seconds):
        self.at += seconds

    def close(self):
        self.segment(0, FIN | ACK)
        self.segment(1, FIN | ACK)
        self.segment(0, ACK)


def dns_name(name):
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def dns(tape, at, client, server, name, address=None):
    """An A question and its answer; address None: the name does not exist."""
    port, number = tape.client_port(), tape.dice.randrange(65536)
    question = dns_name(name) + struct.pack(">HH", 1, 1)
    tape.udp(at, client, port, server, 53, struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + question)
    flags, count, answer = 0x8183, 0, b""
    if address:
        flags, count = 0x8180, 1
        answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 300, 4) + socket.inet_aton(address)
    head = struct.pack(">HHHHHH", number, flags, 1, count, 0, 0)
    tape.udp(at + 0.01, server, 53, client, port, head + question + answer)


def http(method, host, path, headers=(), body=b""):
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: " + host] + list(headers)
    if body or method == "POST":
        lines.append("Content-Length: %d" % len(body))
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def answer(body, kind="text/html", status="200 OK"):
    head = "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, kind, len(body))
    return head.encode() + body


def record(kind, body, version=0x0303):
    return struct.pack(">BHH", kind, version, len(body)) + body


def handshake(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def client_hello(dice, sni=None, version=0x0303, alpn=None):
    ciphers = struct.pack(">8H", 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xC013, 0xC014, 0x9C, 0x2F)
    extensions = b"\x00\x0a\x00\x06\x00\x04\x00\x1d\x00\x17" + b"\x00\x0b\x00\x02\x01\x00"
    if sni:
        name = sni.encode()
        inner = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
        extensions = struct.pack(">HH", 0, len(inner)) + inner + extensions
    if alpn:
        names = b"".join(bytes([len(a)]) + a.encode() for a in alpn)
        extensions += struct.pack(">HHH", 16, len(names) + 2, len(names)) + names
    body = struct.pack(">H", version) + dice.randbytes(32) + b"\0" + struct.pack(">H", len(ciphers)) + ciphers
    body += b"\x01\x00" + struct.pack(">H", len(extensions)) + extensions
    return record(22, handshake(1, body), 0x0301)


def server_hello(dice, certificate, version=0x0303):
    """Hello, certificate and end of TLS 1.2 and older; certificate: DER."""
    hello = struct.pack(">H", version) + dice.randbytes(32) + b"\0" + b"\xc0\x2f\0"
    one = len(certificate).to_bytes(3, "big") + certificate
    chain = len(one).to_bytes(3, "big") + one
    whole = handshake(2, hello) + handshake(11, chain) + handshake(12, dice.randbytes(200)) + handshake(14, b"")
    return record(22, whole, version)


def tls(connection, certificate, sni=None, version=0x0303, alpn=None):
    """The handshake of a connection that is open."""
    dice = connection.tape.dice
    connection.send(0, client_hello(dice, sni, version, alpn))
    connection.send(1, server_hello(dice, certificate, version))
    end = record(20, b"\x01", version) + record(22, dice.randbytes(40), version)
    connection.send(0, record(22, handshake(16, dice.randbytes(66)), version) + end)
    connection.send(1, end)


def secret(connection, side, size, version=0x0303):
    connection.send(side, record(23, connection.tape.dice.randbytes(size), version))


def write_scenario(doc, *scenarios):
    """The main of a script: argv names one of the scenarios, functions of a Tape, and the file that it is written to."""
    known = {f.__name__: f for f in scenarios}
    if len(sys.argv) != 3 or sys.argv[1] not in known:
        sys.exit(doc + "\n\nscenarios: " + " ".join(sorted(known)))
    tape = Tape()
    known[sys.argv[1]](tape)
    tape.save(sys.argv[2])
