#!/usr/bin/env python3
"""Packets of an office: heads only, but for DNS and the first bytes that tell a protocol.

A capture is written in order of time: what is planned goes into a heap, flush() writes what is due.
Large packets stand for many (an IP packet holds up to 65,535 bytes); their heads say how long they
were, as in a capture that was cut.
"""
import heapq
import struct

MOST = 60000
SYN, ACK, FIN, PSH = 2, 16, 1, 8


def address(text):
    return bytes(int(x) for x in text.split("."))


def dns_name(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"


def hello(name, rng):
    """A client hello as a browser sends it: TLS 1.3, ALPN h2."""
    host = name.encode()
    sni = struct.pack(">HHHBH", 0, len(host) + 5, len(host) + 3, 0, len(host)) + host
    groups = struct.pack(">HHHHHH", 10, 8, 6, 29, 23, 24)
    alpn = struct.pack(">HHH", 16, 14, 12) + b"\x02h2\x08http/1.1"
    versions = struct.pack(">HHBHH", 43, 5, 4, 0x0304, 0x0303)
    algorithms = struct.pack(">HHHHHH", 13, 8, 6, 0x0403, 0x0804, 0x0401)
    formats = struct.pack(">HHBB", 11, 2, 1, 0)
    share = struct.pack(">HHHHH", 51, 38, 36, 29, 32) + rng.randbytes(32)
    extensions = sni + struct.pack(">HHB", 65281, 1, 0) + groups + formats + alpn + versions + algorithms + share
    ciphers = struct.pack(">9H", 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8)
    body = b"\x03\x03" + rng.randbytes(32) + b"\x20" + rng.randbytes(32) + struct.pack(">H", len(ciphers)) + ciphers
    body += b"\x01\0" + struct.pack(">H", len(extensions)) + extensions
    shake = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(shake)) + shake


class Wire:
    def __init__(self, out, rng, gateway=b"\x02\0\0\0\0\1"):
        self.out, self.rng, self.gateway = out, rng, gateway
        self.heap, self.count, self.packets, self.bytes = [], 0, 0, 0
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))

    def _link(self, a):
        return b"\x02\0" + a if a[0] == 10 else self.gateway

    def ip(self, now, src, dst, proto, head, data=b"", size=None):
        """size: bytes of data that there were; only `data` of them is kept."""
        size = len(data) if size is None else size
        total = 20 + len(head) + size
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, total, 1, 0x4000, 64, proto, 0, src, dst)
        s = sum(struct.unpack(">10H", ip))
        s = (s & 0xFFFF) + (s >> 16)
        ip = ip[:10] + struct.pack(">H", ~((s & 0xFFFF) + (s >> 16)) & 0xFFFF) + ip[12:]
        frame = self._link(dst) + self._link(src) + b"\x08\0" + ip + head + data
        self.count += 1
        self.bytes += total
        heapq.heappush(self.heap, (now, self.count, total + 14, frame))

    def udp(self, now, src, sport, dst, dport, data=b"", size=None):
        size = len(data) if size is None else size
        self.ip(now, src, dst, 17, struct.pack(">HHHH", sport, dport, 8 + size, 0), data, size)

    def dns(self, now, client, resolver, name, answer=None, kind=1):
        port = self.rng.randrange(20000, 60000)
        number = self.rng.randrange(65536)
        asked = dns_name(name) + struct.pack(">HH", kind, 1)
        self.udp(now, client, port, resolver, 53, struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + asked)
        if answer is None:
            reply = struct.pack(">6H", number, 0x8183, 1, 0, 0, 0) + asked
        else:
            reply = struct.pack(">6H", number, 0x8180, 1, 1, 0, 0) + asked
            reply += struct.pack(">HHHIH", 0xC00C, kind, 1, 300, len(answer)) + answer
        self.udp(now + 0.012, resolver, 53, client, port, reply)

    def tcp(self, now, client, server, port, up, down, duration=1.0, first=b"", banner=b"", pieces=1, talk=()):
        """A connection that carries so much; `pieces` rounds of up and down over its duration; talk: what is said before."""
        sport = self.rng.randrange(32768, 61000)
        seq = [1000, 5000]
        ends = ((client, sport), (server, port))

        def segment(at, side, flags, data=b"", size=0):
            (a, ap), (b, bp) = ends[side], ends[1 - side]
            size = max(size, len(data))
            ack = seq[1 - side] if flags & ACK else 0
            head = struct.pack(">HHIIBBHHH", ap, bp, seq[side], ack, 0x50, flags, 65000, 0, 0)
            self.ip(at, a, b, 6, head, data, size)
            seq[side] = (seq[side] + size + (1 if flags & (SYN | FIN) else 0)) & 0xFFFFFFFF

        segment(now, 0, SYN)
        segment(now + 0.02, 1, SYN | ACK)
        segment(now + 0.04, 0, ACK)
        at = now + 0.05
        for side, data in [(1, banner)] * bool(banner) + [(0, first)] * bool(first) + list(talk):
            segment(at, side, PSH | ACK, data)
            at += 0.0005
        left, step = [max(0, int(up) - len(first)), max(0, int(down) - len(banner))], max(duration, 0.1) / max(1, pieces)
        for i in range(pieces):
            at = now + 0.06 + i * step
            for side in (0, 1):
                share = left[side] // (pieces - i)
                left[side] -= share
                count = max(1, -(-share // MOST))
                for k in range(count):
                    size = min(MOST, share)
                    share -= size
                    if size:
                        segment(at + step * 0.9 * (k + side * 0.5) / count, side, PSH | ACK, size=size)
        end = now + 0.1 + duration
        segment(end, 0, FIN | ACK)
        segment(end + 0.02, 1, FIN | ACK)
        segment(end + 0.04, 0, ACK)

    def stream(self, now, client, sport, server, port, up, down, duration, pieces):
        """Packets of UDP both ways."""
        for i in range(pieces):
            at = now + duration * i / pieces
            self.udp(at, client, sport, server, port, size=min(MOST, max(1, up // pieces)))
            self.udp(at + 0.02, server, port, client, sport, size=min(MOST, max(1, down // pieces)))

    def flush(self, until):
        while self.heap and self.heap[0][0] < until:
            now, _, length, frame = heapq.heappop(self.heap)
            self.out.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(frame), length) + frame)
            self.packets += 1
