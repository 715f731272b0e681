# SPDX-License-Identifier: MIT
"""Conversations as packets, for traffic that no packaged tool makes: TCP with handshake, segments and end, UDP, ICMP, and DNS
look-ups. The same bytes in every run. No dependency."""
import ipaddress
import struct

import capture_io

T0 = 1_790_000_000 * 10**9
MSS = 1400
MS = 10**6


def _ip(text):
    return ipaddress.ip_address(text).packed


class Wire:
    """Collects packets of several conversations and writes them in order of time."""

    def __init__(self):
        self.frames = []
        self.ident = 1

    def put(self, time, source, target, proto, payload):
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), self.ident & 0xFFFF, 0x4000, 64, proto, 0, _ip(source), _ip(target))
        self.ident += 1
        head = head[:10] + struct.pack(">H", capture_io.checksum(head)) + head[12:]
        macs = b"\x02\x00" + _ip(target) + b"\x02\x00" + _ip(source)
        self.frames.append((time, macs + b"\x08\x00" + head + payload))

    def write(self, path):
        with capture_io.Writer(path, nanoseconds=False) as out:
            for time, data in sorted(self.frames, key=lambda frame: frame[0]):
                out.write(time, data, len(data))


def _with_sum(source, target, proto, segment, at):
    pseudo = _ip(source) + _ip(target) + struct.pack(">BBH", 0, proto, len(segment))
    total = capture_io.checksum(pseudo + segment + bytes(len(segment) & 1))
    return segment[:at] + struct.pack(">H", total) + segment[at + 2:]


class Tcp:
    """One connection; `time` moves on with each packet. opened_by_server is not known here: the client is who connects."""

    def __init__(self, wire, time, client, server, rtt=20 * MS):
        self.wire, self.time, self.rtt = wire, time, rtt
        self.ends = (client, server)
        self.seq = [1000, 9000]
        self._segment(0, 0x02)
        self._segment(1, 0x12)
        self._segment(0, 0x10)

    def _segment(self, side, flags, data=b""):
        (source, sport), (target, dport) = self.ends[side], self.ends[1 - side]
        ack = self.seq[1 - side] if flags & 0x10 else 0
        head = struct.pack(">HHIIBBHHH", sport, dport, self.seq[side], ack, 0x50, flags, 64000, 0, 0)
        self.wire.put(self.time, source, target, 6, _with_sum(source, target, 6, head + data, 16))
        self.seq[side] += len(data) + (1 if flags & 0x03 else 0)
        self.time += self.rtt // 2

    def _send(self, side, data):
        for at in range(0, len(data), MSS):
            self._segment(side, 0x18, data[at:at + MSS])
            self.time -= self.rtt // 2 - MS // 10
        self.time += self.rtt // 2
        self._segment(1 - side, 0x10)

    def say(self, data):
        self._send(0, data)
        return self

    def answer(self, data):
        self._send(1, data)
        return self

    def wait(self, seconds):
        self.time += int(seconds * 10**9)
        return self

    def close(self):
        self._segment(0, 0x11)
        self._segment(1, 0x11)
        self._segment(0, 0x10)
        return self.time


def udp(wire, time, source, target, data):
    head = struct.pack(">HHHH", source[1], target[1], 8 + len(data), 0)
    wire.put(time, source[0], target[0], 17, _with_sum(source[0], target[0], 17, head + data, 6))


def echo(wire, time, source, target, ident, seq, data, reply=False):
    message = struct.pack(">BBHHH", 0 if reply else 8, 0, 0, ident, seq) + data
    message = message[:2] + struct.pack(">H", capture_io.checksum(message + bytes(len(message) & 1))) + message[4:]
    wire.put(time, source, target, 1, message)


def lookup(wire, time, client, name, address, resolver="10.20.1.1"):
    """A question and its answer."""
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\x00" + struct.pack(">HH", 1, 1)
    ident = sum(name.encode()) & 0xFFFF
    udp(wire, time, (client, 40000 + ident % 20000), (resolver, 53), struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, 0) + question)
    answer = struct.pack(">HHHIH", 0xC00C, 1, 1, 300, 4) + _ip(address)
    udp(wire, time + 5 * MS, (resolver, 53), (client, 40000 + ident % 20000),
        struct.pack(">HHHHHH", ident, 0x8180, 1, 1, 0, 0) + question + answer)
    return time + 10 * MS


def noise(length, seed=1):
    """Bytes as evenly spread as random ones, the same in every run."""
    out, state = bytearray(), seed * 2654435761 % 2**32 or 1
    for _ in range(length):
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        out.append(state >> 11 & 0xFF)
    return bytes(out)
