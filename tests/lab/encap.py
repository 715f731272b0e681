#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""encap.py --mode MODE [--id N] IN OUT: wrap every frame of a capture (Ethernet, raw IP, Linux cooked) into a carrier.

vxlan geneve gre erspan2 erspan3 carry whole Ethernet frames (gre: with N as key) from 192.0.2.1 to 192.0.2.2; frames
that came without an Ethernet header get one. gre-ip and gtpu carry IP only; vlan, qinq (outer tag N, inner N+1) and mpls
change the frame itself, mpls for IP only. What a mode cannot carry is left out and counted on standard error."""
import argparse
import struct
import sys
import zlib

import capture_io
from capture_io import IPV4, IPV6

OUTER_MAC = b"\x02\x00\xc0\x00\x02\x02" + b"\x02\x00\xc0\x00\x02\x01"
SOURCE, TARGET = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
UDP, GRE = 17, 47
LIMIT = {"vxlan": 24, "geneve": 24, "gre": 32, "gre-ip": 32, "gtpu": 32, "erspan2": 10, "erspan3": 10, "vlan": 12, "qinq": 12, "mpls": 20}


class Encapsulator:
    def __init__(self, mode, number):
        self.mode, self.number, self.count = mode, number, 0

    def _ipv4(self, protocol, payload_length):
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, min(65535, 20 + payload_length), self.count & 0xFFFF, 0x4000, 64, protocol, 0,
                           SOURCE, TARGET)
        return head[:10] + struct.pack(">H", capture_io.checksum(head)) + head[12:]

    def _wrap(self, protocol, header, data, length):
        """(new bytes, new length) of `header` and `data` below Ethernet and IPv4."""
        outer = OUTER_MAC + b"\x08\x00" + self._ipv4(protocol, len(header) + length)
        return outer + header + data, len(outer) + len(header) + length

    def _udp(self, port, header, data, length, key):
        # one source port for each direction of a pair of addresses, so that paths are chosen as RFC 7348 (5) asks
        source = 49152 + zlib.crc32(key) % 16384
        udp = struct.pack(">HHHH", source, port, min(65535, 8 + len(header) + length), 0)
        return self._wrap(UDP, udp + header, data, length)

    def wrap(self, frame):
        """(bytes, length on the wire) or None where this mode has no place for the frame."""
        frame = capture_io.to_ethernet(frame)
        found = frame and capture_io.network_layer(frame)
        if not found:
            return None
        start, kind, _ = found
        self.count += 1
        data, length, number = frame.data, frame.length, self.number
        packet, packet_length = strip(data[start:], length - start, kind)
        key = packet[12:20] if kind == IPV4 else packet[8:40]
        if self.mode == "vxlan":
            return self._udp(4789, struct.pack(">II", 0x08000000, number << 8), data, length, key)
        if self.mode == "geneve":
            return self._udp(6081, struct.pack(">HHI", 0, 0x6558, number << 8), data, length, key)
        if self.mode == "gre":
            return self._wrap(GRE, struct.pack(">HHI", 0x2000, 0x6558, number), data, length)
        if self.mode == "erspan2":
            head = struct.pack(">HHI", 0x1000, 0x88BE, self.count) + struct.pack(">HHI", 1 << 12, number, 0)
            return self._wrap(GRE, head, data, length)
        if self.mode == "erspan3":
            stamp = frame.time // 100000 & 0xFFFFFFFF  # granularity 0: 100 microseconds
            head = struct.pack(">HHI", 0x1000, 0x22EB, self.count) + struct.pack(">HHIHH", 2 << 12, number, stamp, 0, 0x8000)
            return self._wrap(GRE, head, data, length)
        if self.mode == "vlan":
            return data[:12] + struct.pack(">HH", 0x8100, number) + data[12:], length + 4
        if self.mode == "qinq":
            return data[:12] + struct.pack(">HHHH", 0x88A8, number, 0x8100, (number + 1) & 0xFFF) + data[12:], length + 8
        if kind not in (IPV4, IPV6):
            return None
        if self.mode == "gre-ip":
            return self._wrap(GRE, struct.pack(">HHI", 0x2000, kind, number), packet, packet_length)
        if self.mode == "gtpu":
            return self._udp(2152, struct.pack(">BBHI", 0x30, 0xFF, packet_length & 0xFFFF, number), packet, packet_length, key)
        label = struct.pack(">I", number << 12 | 1 << 8 | 64)
        return data[:12] + b"\x88\x47" + label + packet, 18 + packet_length


def strip(packet, length, kind):
    """Without the padding that Ethernet adds to short frames."""
    real = length
    if kind == IPV4 and len(packet) >= 4:
        real = int.from_bytes(packet[2:4], "big") or length
    elif kind == IPV6 and len(packet) >= 6:
        real = 40 + int.from_bytes(packet[4:6], "big") if packet[4:6] != b"\0\0" else length
    real = min(real, length)
    return packet[:real], real


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", required=True, choices=sorted(LIMIT))
    parser.add_argument("--id", type=lambda text: int(text, 0), default=100)
    parser.add_argument("input")
    parser.add_argument("output")
    options = parser.parse_args()
    if not 0 <= options.id < 1 << LIMIT[options.mode]:
        parser.error(f"--id of {options.mode} has {LIMIT[options.mode]} bits")
    encapsulator, left_out = Encapsulator(options.mode, options.id), 0
    frames = list(capture_io.read(options.input))
    with capture_io.Writer(options.output, nanoseconds=capture_io.has_nanoseconds(frames)) as out:
        for frame in frames:
            wrapped = encapsulator.wrap(frame)
            if wrapped is None:
                left_out += 1
            else:
                out.write(frame.time, *wrapped)
    if left_out:
        print(f"encap.py: {left_out} of {len(frames)} frames left out: not for {options.mode}", file=sys.stderr)


if __name__ == "__main__":
    main()
