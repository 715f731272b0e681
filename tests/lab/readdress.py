#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""readdress.py --to-v4 PREFIX | --to-v6 PREFIX IN OUT: give the inside hosts of a capture public addresses.

--to-v4 45.33.0.0/16     every inside IPv4 /24 becomes a /24 of PREFIX, in order of first use; the last octet stays
--to-v6 2600:1f00::/32   every IPv4 packet becomes IPv6: inside a.b.c.d is PREFIX:aabb:cc00::dd, any other host is
                         2a00:aabb:cc00::dd; ARP becomes neighbour discovery, ICMP becomes ICMPv6, fragments get their
                         header, broadcast becomes ff02::1. IPv6 packets stay, their unique-local /48s become
                         PREFIX:ff00::/48 and on. DHCP, IGMP and what else IPv6 has no word for is left out and counted.

Inside is 10/8, 172.16/12, 192.168/16 and 100.64/10, or what --inside PREFIX (repeatable) says instead. Lengths are made
right; checksums are adjusted by the difference, so that a wrong one stays wrong and a cut frame can have a right one.
Addresses inside of payloads (DNS answers, FTP, tunnels) stay. Prints `old new` prefixes, a line each, on standard output."""
import argparse
import ipaddress
import struct
import sys
from collections import Counter

import capture_io
from capture_io import ARP, IPV4, IPV6, adjusted, checksum, word_sum

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
ICMP, IGMP, TCP, UDP, FRAGMENT, ICMP6 = 1, 2, 6, 17, 44, 58
CHECKSUM_AT = {TCP: 16, UDP: 6, ICMP: 2, ICMP6: 2}
GROUPS = {bytes([224, 0, 0, 1]): "ff02::1", bytes([224, 0, 0, 2]): "ff02::2", bytes([224, 0, 0, 251]): "ff02::fb",
          bytes([224, 0, 0, 252]): "ff02::1:3", bytes([239, 255, 255, 250]): "ff02::c", b"\xff\xff\xff\xff": "ff02::1"}


class LeftOut(Exception):
    """This packet has no counterpart."""


class Addresses:
    """What the two ways of renumbering share: who is inside, and the prefixes handed out."""

    def __init__(self, inside):
        self.inside = [(int(net.network_address), int(net.netmask)) for net in map(ipaddress.IPv4Network, inside)]
        self.known, self.prefixes = {}, {}

    def is_inside(self, address):
        value = int.from_bytes(address, "big")
        return any(value & mask == network for network, mask in self.inside)


class ToV4(Addresses):
    def __init__(self, inside, prefix, taken):
        super().__init__(inside)
        self.network = ipaddress.IPv4Network(prefix)
        if self.network.prefixlen > 24:
            raise SystemExit("readdress.py: --to-v4 needs a /24 or larger")
        if any(ipaddress.IPv4Address(address) in self.network for address in taken):
            raise SystemExit(f"readdress.py: {prefix} already has hosts in this capture; name another prefix")

    def map(self, address):
        if not self.is_inside(address):
            return address
        net = address[:3]
        if net not in self.prefixes:
            number = len(self.prefixes)
            if number >= 1 << (24 - self.network.prefixlen):
                raise SystemExit(f"readdress.py: more inside /24s than {self.network} holds; name a larger prefix")
            self.prefixes[net] = (int(self.network.network_address) + (number << 8)).to_bytes(4, "big")[:3]
        return self.prefixes[net] + address[3:]

    def mapping(self):
        for old, new in self.prefixes.items():
            yield f"{ipaddress.IPv4Address(old + bytes(1))}/24 {ipaddress.IPv4Address(new + bytes(1))}/24"

    # Each method takes the captured bytes from the network header on and gives the new ones, of the same length.

    def ipv4(self, packet):
        if len(packet) < 20:
            raise LeftOut("short")
        out = bytearray(packet)
        old = packet[12:20]
        out[12:20] = self.map(packet[12:16]) + self.map(packet[16:20])
        removed, added = word_sum(old), word_sum(out[12:20])
        struct.pack_into(">H", out, 10, adjusted(int.from_bytes(packet[10:12], "big"), removed, added))
        start = (packet[0] & 15) * 4
        if int.from_bytes(packet[6:8], "big") & 0x1FFF:
            return bytes(out)
        protocol = packet[9]
        if protocol in (TCP, UDP):
            adjust(out, start, protocol, removed, added)
        elif protocol == ICMP and len(packet) >= start + 28 and packet[start] in (3, 4, 5, 11, 12):
            quoted = self.ipv4(packet[start + 8:])
            head = bytearray(packet[start:start + 8])
            if packet[start] == 5:
                head[4:8] = self.map(packet[start + 4:start + 8])
            removed, added = word_sum(packet[start + 4:]), word_sum(bytes(head[4:]) + quoted)
            out[start:] = bytes(head) + quoted
            adjust(out, start, ICMP, removed, added)
        return bytes(out)

    def arp(self, packet):
        if len(packet) < 28 or packet[4:6] != b"\x06\x04":
            return packet
        return packet[:14] + self.map(packet[14:18]) + packet[18:24] + self.map(packet[24:28]) + packet[28:]

    def frame(self, packet, length, kind):
        if kind == IPV4:
            return self.ipv4(packet), length, kind
        return (self.arp(packet) if kind == ARP else packet), length, kind


def adjust(out, start, protocol, removed, added):
    """Adjusts a transport checksum in `out`, if it was captured and is in use."""
    at = start + CHECKSUM_AT[protocol]
    if at + 2 > len(out):
        return
    old = int.from_bytes(out[at:at + 2], "big")
    if protocol == UDP and old == 0:
        return
    new = adjusted(old, removed, added)
    struct.pack_into(">H", out, at, 0xFFFF if protocol == UDP and new == 0 else new)


class ToV6(Addresses):
    def __init__(self, inside, prefix, frames):
        super().__init__(inside)
        network = ipaddress.IPv6Network(prefix)
        if network.prefixlen > 32:
            raise SystemExit("readdress.py: --to-v6 needs a /32 or larger")
        self.prefix, self.local = network.network_address.packed[:4], {}
        self.totals = fragment_totals(frames)

    def map(self, address):
        if address not in self.known:
            self.known[address] = self._map(address)
        return self.known[address]

    def _map(self, address):
        if len(address) == 16:
            if address[0] & 0xFE != 0xFC:
                return address
            number = self.local.setdefault(address[:6], len(self.local))
            return self.prefix + bytes([0xFF, number & 255]) + address[6:]
        if address == bytes(4):
            return bytes(16)
        if address in GROUPS:
            return ipaddress.IPv6Address(GROUPS[address]).packed
        if 224 <= address[0] < 240:
            return b"\xff\x0e" + bytes(10) + address
        if self.is_inside(address):
            self.prefixes[address[:3]] = self.prefix + address[:3] + bytes(1)
            return self.prefix + address[:3] + bytes(8) + address[3:]
        if address[:2] == b"\xa9\xfe":
            return b"\xfe\x80" + bytes(10) + address
        return b"\x2a\x00" + address[:3] + bytes(10) + address[3:]

    def mapping(self):
        for old, new in self.prefixes.items():
            yield f"{ipaddress.IPv4Address(old + bytes(1))}/24 {ipaddress.IPv6Address(new + bytes(8))}/64"
        for old, number in self.local.items():
            new = self.prefix + bytes([0xFF, number & 255]) + bytes(10)
            yield f"{ipaddress.IPv6Address(old + bytes(10))}/48 {ipaddress.IPv6Address(new)}/48"
        yield "0.0.0.0/0 2a00::/16"

    def ipv4(self, packet, quoted=False):
        """An IPv6 packet (captured bytes, real length) for an IPv4 one. A quoted one is part of an ICMP error."""
        if len(packet) < 20 or packet[0] >> 4 != 4 or packet[0] & 15 < 5:
            raise LeftOut("short")
        start, total, ident, fragment = (packet[0] & 15) * 4, *struct.unpack_from(">HHH", packet, 2)
        total = total or len(packet)
        protocol = packet[9]
        offset, more = fragment & 0x1FFF, fragment & 0x2000
        source, target = self.map(packet[12:16]), self.map(packet[16:20])
        body, size = bytearray(packet[start:total]), total - start
        if protocol == IGMP:
            raise LeftOut("IGMP")
        if protocol == UDP and not offset and body[0:2] in (b"\0\x43", b"\0\x44"):
            raise LeftOut("DHCP")
        whole = size
        if offset or more:
            whole = self.totals.get((packet[12:16], packet[16:20], protocol, ident), size)
        if protocol == ICMP:
            if not offset:
                body, size = self.icmp(body, size, source, target, whole, quoted)
        elif protocol in (TCP, UDP) and not offset:
            adjust(body, 0, protocol, word_sum(packet[12:20]), word_sum(source + target))
            if protocol == UDP and body[6:8] == b"\0\0" and len(body) == size and not more:
                pseudo = source + target + struct.pack(">II", size, UDP)
                struct.pack_into(">H", body, 6, checksum(pseudo + bytes(body)) or 0xFFFF)
        following = ICMP6 if protocol == ICMP else protocol
        extra = b""
        if offset or more:
            extra = struct.pack(">BBHI", following, 0, offset << 3 | (1 if more else 0), ident)
            following = FRAGMENT
        head = struct.pack(">IHBB", 6 << 28 | packet[1] << 20, len(extra) + size, following, packet[8]) + source + target
        return head + extra + bytes(body), 40 + len(extra) + size

    def icmp(self, body, size, source, target, whole, quoted):
        if len(body) < 8:
            raise LeftOut("short")
        kind, code, old = body[0], body[1], int.from_bytes(body[2:4], "big")
        if kind in (8, 0):
            new = bytes([128 if kind == 8 else 129, 0])
            pseudo = source + target + struct.pack(">II", whole, ICMP6)
            struct.pack_into(">H", body, 2, adjusted(old, word_sum(body[:2]), word_sum(pseudo) + word_sum(new)))
            body[:2] = new
            return body, size
        if quoted:
            raise LeftOut("ICMP within ICMP")
        rest = bytes(4)
        if kind == 3 and code == 4:
            new, rest = b"\x02\x00", struct.pack(">I", max(1280, int.from_bytes(body[6:8], "big") + 20))
        elif kind == 3:
            new = bytes([1, {0: 0, 1: 3, 3: 4, 9: 1, 10: 1, 13: 1}.get(code, 0)])
        elif kind == 11:
            new = bytes([3, code])
        else:
            raise LeftOut(f"ICMP type {kind}")
        inner, _ = self.ipv4(bytes(body[8:]), quoted=True)
        inner = inner[:1232]
        cut = size - len(body)  # bytes that the recorder did not keep: the checksum cannot be known then
        message = new + b"\0\0" + rest + inner
        pseudo = source + target + struct.pack(">II", len(message), ICMP6)
        value = checksum(pseudo + message) if cut <= 0 else old
        return bytearray(new + struct.pack(">H", value) + rest + inner), len(message) + max(0, cut)

    def arp(self, packet):
        """Neighbour solicitation or advertisement for an ARP question or answer."""
        if len(packet) < 28 or packet[4:6] != b"\x06\x04":
            raise LeftOut("ARP")
        operation = int.from_bytes(packet[6:8], "big")
        mac, source, target = packet[8:14], self.map(packet[14:18]), self.map(packet[24:28])
        if operation == 1:
            group = b"\xff\x02" + bytes(9) + b"\x01\xff" + target[13:]
            option = b"" if source == bytes(16) else b"\x01\x01" + mac
            message, receiver = b"\x87\0\0\0" + bytes(4) + target + option, group
        elif operation == 2:
            receiver = target if any(target) else ipaddress.IPv6Address("ff02::1").packed
            message = b"\x88\0\0\0" + struct.pack(">I", 0x60000000) + source + b"\x02\x01" + mac
        else:
            raise LeftOut("ARP")
        value = checksum(source + receiver + struct.pack(">II", len(message), ICMP6) + message)
        message = message[:2] + struct.pack(">H", value) + message[4:]
        out = struct.pack(">IHBB", 6 << 28, len(message), ICMP6, 255) + source + receiver + message
        return out, len(out)

    def ipv6(self, packet):
        """Unique-local addresses only; the checksum is adjusted where the transport follows at once."""
        if len(packet) < 40:
            raise LeftOut("short")
        out = bytearray(packet)
        out[8:40] = self.map(packet[8:24]) + self.map(packet[24:40])
        removed, added = word_sum(packet[8:40]), word_sum(out[8:40])
        following, start = packet[6], 40
        if following == 0 and len(packet) >= 48:  # hop-by-hop options: MLD
            following, start = packet[40], 48 + packet[41] * 8
        if following == ICMP6 and len(packet) >= start + 24 and packet[start] in (135, 136):
            target = self.map(packet[start + 8:start + 24])
            removed, added = removed + word_sum(packet[start + 8:start + 24]), added + word_sum(target)
            out[start + 8:start + 24] = target
        elif following == ICMP6 and len(packet) >= start + 48 and packet[start] < 128:
            inner = self.ipv6(packet[start + 8:])
            removed, added = removed + word_sum(packet[start + 8:]), added + word_sum(inner)
            out[start + 8:] = inner
        if following in CHECKSUM_AT:
            adjust(out, start, following, removed, added)
        return bytes(out)

    def frame(self, packet, length, kind):
        if kind == IPV6:
            return self.ipv6(packet), length, IPV6
        if kind == ARP:
            return *self.arp(packet), IPV6
        if kind != IPV4:
            return packet, length, kind
        return *self.ipv4(packet), IPV6


def fragment_totals(frames):
    """The length of each whole IPv4 payload that came in fragments: a checksum of ICMPv6 has it in."""
    totals = {}
    for frame in frames:
        found = capture_io.network_layer(frame)
        if not found or found[1] != IPV4 or len(frame.data) < found[0] + 20:
            continue
        packet = frame.data[found[0]:]
        total, ident, fragment = struct.unpack_from(">HHH", packet, 2)
        if fragment & 0x1FFF and not fragment & 0x2000:
            totals[packet[12:16], packet[16:20], packet[9], ident] = (fragment & 0x1FFF) * 8 + total - (packet[0] & 15) * 4
    return totals


def hosts(frames):
    """Every IPv4 address that a packet comes from or goes to."""
    for frame in frames:
        found = capture_io.network_layer(frame)
        if found and found[1] == IPV4 and len(frame.data) >= found[0] + 20:
            yield frame.data[found[0] + 12:found[0] + 16]
            yield frame.data[found[0] + 16:found[0] + 20]


def link_header(header, link, kind_at, old, new):
    """The link header with the EtherType (or family) of the new packet."""
    if old == new:
        return header
    if link in (capture_io.NULL, capture_io.LOOP):
        family = {IPV4: 2, IPV6: 24}[new]
        return family.to_bytes(4, "little" if header[0] else "big")
    if kind_at is None:
        return header
    out = bytearray(header)
    struct.pack_into(">H", out, kind_at, new)
    return bytes(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--to-v4", metavar="PREFIX")
    way.add_argument("--to-v6", metavar="PREFIX")
    parser.add_argument("--inside", metavar="PREFIX", action="append")
    parser.add_argument("input")
    parser.add_argument("output")
    options = parser.parse_args()
    frames = list(capture_io.read(options.input))
    links = {frame.link for frame in frames} or {capture_io.ETHERNET}
    if len(links) > 1:
        frames = [frame for frame in map(capture_io.to_ethernet, frames) if frame]
        links = {capture_io.ETHERNET}
    link = links.pop()
    inside = options.inside or PRIVATE
    addresses = ToV4(inside, options.to_v4, set(hosts(frames))) if options.to_v4 else ToV6(inside, options.to_v6, frames)
    left_out = Counter()
    # link types 228 and 229 say the version of IP; 101 leaves it to the packet
    out_link = 101 if link in (228, 229) else link
    with capture_io.Writer(options.output, out_link, capture_io.has_nanoseconds(frames)) as out:
        for frame in frames:
            found = capture_io.network_layer(frame)
            if not found:
                left_out["link layer"] += 1
                continue
            start, kind, kind_at = found
            try:
                packet, length, new = addresses.frame(frame.data[start:], frame.length - start, kind)
            except LeftOut as reason:
                left_out[str(reason)] += 1
                continue
            header = link_header(frame.data[:start], link, kind_at, kind, new)
            out.write(frame.time, header + packet, start + length)
    for line in addresses.mapping():
        print(line)
    for reason, count in sorted(left_out.items()):
        print(f"readdress.py: {count} frames left out: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
