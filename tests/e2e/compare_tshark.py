#!/usr/bin/env python3
"""Compares the decode layer with tshark, frame by frame, over folders of captures.

    compare_tshark.py [--dump PROGRAM] [--cache DIR] [-v] PATH...

What is compared: packets, their IP bytes and their conversations (addresses, protocol, ports) as
`decode_dump` (tests/support) and tshark see them.  tshark's fields are taken with all occurrences
and cut at the innermost IP header that exfild goes to.  Fragments are compared by the sum of their
bytes.  Where exfild stops earlier or judges differently on purpose, KNOWN names the class and says
why; everything else is a difference: it is printed, and the exit status is 1.
Without tshark, decode_dump or PATH the test is skipped (77).
"""
import argparse
import collections
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

FIELDS = ["frame.number", "frame.protocols", "ip.src", "ip.dst", "ip.len", "ip.proto",
          "ip.flags.mf", "ip.frag_offset", "ipv6.src", "ipv6.dst", "ipv6.plen", "ipv6.nxt",
          "ipv6.fraghdr.offset", "ipv6.fraghdr.more", "tcp.srcport", "tcp.dstport", "udp.srcport",
          "udp.dstport", "sctp.srcport", "sctp.dstport", "_ws.malformed", "frame.len",
          "frame.cap_len", "_ws.expert.message"]
TRANSPORTS = {"tcp": "6", "udp": "17", "sctp": "132"}

# Inside these layers tshark finds further IP headers and exfild, on purpose, does not look: the
# packet that carries them is compared.
STOPS = {
    "icmp": "an error quotes the packet that caused it, which was counted when it passed",
    "icmpv6": "as icmp",
    "sflow": "samples of packets that passed elsewhere",
}
# Differences that are meant, or that are tshark's own.
KNOWN = {
    "link": "a link type that exfild does not decode (ARCNET, IPoIB, PKTAP, MACsec)",
    "not-entered": "a carrier that exfild reports as it is: NOT_ENTERED",
    "strict": "a tunnel whose version, length or reserved bits are wrong is a plain packet: what "
              "only resembles a tunnel must not hide the conversation that carries it",
    "nesting": "more headers in a row than any network uses: refused",
    "pppoe": "a PPPoE version or code that is not that of a session: refused",
    "port": "VXLAN on Linux's old port 8472, which tshark does not know",
    "guess": "what follows an MPLS label stack: tshark guesses otherwise, and wrong here",
    "jumbo": "IPv6 payload length 0: tshark says 40 bytes, exfild takes the bytes that are there",
    "source-route": "tshark names the last hop of an IPv4 source route, exfild the address in the "
                    "header, which the packet goes to now",
    "refused-fragment": "a first fragment that cannot be kept (cut, odd length, too long): exfild "
                        "gives no ports to fragments, tshark does",
    "malformed": "tshark gives up inside options or headers whose end exfild finds by their length",
    "order": "exfild merges the interfaces of a file by time, and numbers frames only: tshark also "
             "numbers other records",
    "damage": "a frame before damage of the file, which exfild reads and tshark does not",
    "fragmented-carrier": "bytes of a tunnel's fragments: exfild counts the packet inside them",
}
NOT_ENTERED = {
    "teredo": "seen with its port on one side only; shown as what it is, UDP to port 3544",
    "capwap.data": "between access points and their controller",
    "ipcomp": "compressed",
    "ppp": "PPTP: its PPP is usually compressed or encrypted",
    "wlan": "802.11 in GRE, between access points and their controller",
    "lisp-data": "rare", "lisp": "control messages quote packets",
    "gtpprime": "billing records on a port of GTP", "mpls": "MPLS in UDP, rare",
    "openflow": "packets that a switch asks about",
}
LINKS = {"arcnet", "ipoib", "user_dlt", "macsec"}
STRICT = {"vxlan", "geneve", "gtp", "gre", "ah"}

SIDES = ("tshark", "exfild")
Packet = collections.namedtuple("Packet", "src dst proto sport dport length is_fragment")


class Row:
    """One frame as tshark tells it."""

    def __init__(self, line):
        values = line.split("\t")
        values += [""] * (len(FIELDS) - len(values))
        self.field = dict(zip(FIELDS, values))
        self.number = int(values[0])
        self.layers = self.field["frame.protocols"].split(":")
        self.expert = self.field["_ws.expert.message"]
        self.is_malformed = bool(self.field["_ws.malformed"]) or "Malformed" in self.expert

    def get(self, name, index):
        parts = self.field[name].split(";")
        return parts[index] if index < len(parts) else ""

    def packets(self):
        """The IP packets of the frame, from the outside in, as far as exfild should go."""
        seen = collections.Counter()
        found = []
        for layer in self.layers:
            if layer in STOPS and found:
                break
            if layer == "arp":
                return []  # the innermost is no IP: exfild reports the ARP
            if layer in ("ip", "ipv6"):
                found.append([layer, seen[layer], None])
            elif layer in TRANSPORTS and found and not found[-1][2]:
                found[-1][2] = (layer, seen[layer])
            seen[layer] += 1
        return [self.packet_at(*one) for one in found]

    def packet_at(self, name, i, transport):
        src, dst = self.get(name + ".src", i), self.get(name + ".dst", i)
        if name == "ip":
            length = int(self.get("ip.len", i) or 0)
            is_fragment = (self.get("ip.flags.mf", i) in ("1", "True")
                           or int(self.get("ip.frag_offset", i) or 0) > 0)
        else:
            src, dst = src.removeprefix("::ffff:"), dst.removeprefix("::ffff:")
            length = int(self.get("ipv6.plen", i) or 0) + 40
            is_fragment = (self.field["ipv6.fraghdr.more"] in ("1", "True")
                           or int(self.get("ipv6.fraghdr.offset", 0) or 0) > 0)
        proto = sport = dport = ""
        if transport:
            sport = self.get(transport[0] + ".srcport", transport[1])
            dport = self.get(transport[0] + ".dstport", transport[1])
        if sport and dport:
            proto = TRANSPORTS[transport[0]]
        else:
            sport = dport = ""
        return Packet(src, dst, proto, sport, dport, length, is_fragment)

    def packet(self):
        """The innermost packet whose header tshark could read, or None."""
        whole = [p for p in self.packets() if p.src and p.dst and p.length]
        return whole[-1] if whole else None


class Dump:
    """One line of decode_dump."""

    def __init__(self, line):
        values = line.rstrip("\n").split("\t")
        self.number, self.kind = int(values[0]), values[1]
        self.packet = None
        self.frames = 1
        self.tunnel = values[9] if len(values) > 9 else "none"
        if len(values) > 2 and not values[4].startswith("arp"):
            src, dst, proto, sport, dport, length = values[2:8]
            self.frames = int(values[8])
            if proto not in TRANSPORTS.values() or (sport, dport) == ("0", "0"):
                proto = sport = dport = ""
            self.packet = Packet(src, dst, proto, sport, dport, int(length), False)


def read_tshark(path, cache):
    """tshark's lines, from the cache when it has them."""
    held = None
    if cache:
        held = pathlib.Path(cache) / hashlib.sha256(path.read_bytes()).hexdigest()[:24]
        if held.exists():
            return held.read_text(errors="replace").split("\n")
    command = ["tshark", "-n", "-o", "wlan.enable_decryption:FALSE", "-r", str(path), "-T",
               "fields", "-E", "occurrence=a", "-E", "aggregator=;"]
    for name in FIELDS:
        command += ["-e", name]
    text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False, timeout=600).stdout
    if held:
        held.write_bytes(text)
    return text.decode(errors="replace").split("\n")


def read_dump(program, path):
    text = subprocess.run([program, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False, timeout=600).stdout.decode()
    return [Dump(line) for line in text.split("\n") if line]


def classify_tunnel(row, dump):
    """Where exfild reports a packet that tshark goes into: why it stays outside."""
    depth = 0
    for i, packet in enumerate(row.packets()):
        if packet[:6] == dump.packet[:6]:
            depth = i + 1
    if not depth:
        return None
    inside = []
    for layer in row.layers:
        depth -= layer in ("ip", "ipv6")
        if depth == 0:
            inside.append(layer)
    if NOT_ENTERED.keys() & set(inside):
        return "not-entered"
    return "strict" if STRICT & set(inside) else None


def classify_refused(row):
    """Where exfild has no packet and tshark has one."""
    if LINKS & set(row.layers):
        return "link"
    if "pppoes" in row.layers:
        return "pppoe"
    return "nesting" if max(collections.Counter(row.layers).values()) > 8 else None


def classify(theirs, dump, row):
    """The class of KNOWN that a difference belongs to, or None."""
    ours = dump.packet
    if dump.kind == "other":
        return classify_refused(row)
    if theirs and theirs.dport == "8472" and dump.tunnel == "vxlan":
        return "port"
    if not ours:
        return None
    if not theirs or theirs.src != ours.src:
        if "mpls" in row.layers:
            return "guess"
        if not theirs and NOT_ENTERED.keys() & set(row.layers):
            return "not-entered"
        if not theirs and row.layers[-1] in ("ip", "data"):
            return "malformed"
        return classify_tunnel(row, dump)
    if theirs.dst != ours.dst and theirs[2:6] == ours[2:6] and len(row.packets()) == 1:
        return "source-route"
    if theirs[:5] == ours[:5] and theirs.length == 40 < ours.length and ":" in ours.src:
        return "jumbo"
    if theirs.is_fragment and not ours.proto and theirs.length == ours.length:
        return "refused-fragment"
    if theirs[:2] == ours[:2] and theirs.length == ours.length:
        if row.is_malformed:
            return "malformed"
        if sum(layer.startswith("ipv6.") for layer in row.layers) > 8:
            return "nesting"
        if "ah" in row.layers:
            return "strict"
    if theirs[:2] == ours[:2] and row.is_malformed and ours.length > theirs.length == 40:
        return "jumbo"
    return classify_tunnel(row, dump)


def compare(path, args, totals):
    """The differences of one capture: (class or None, frame, tshark's packet, ours)."""
    rows = {}
    for line in read_tshark(path, args.cache):
        if line and line.split("\t")[0].isdigit():
            row = Row(line)
            rows[row.number] = row
    differences = []
    fragments = collections.Counter()
    carriers = set()
    every = (collections.Counter(), collections.Counter())
    read = set()
    for dump in read_dump(args.dump, path):
        row = rows.get(dump.number)
        theirs = row.packet() if row and dump.kind != "given-up" else None
        ours = dump.packet
        read.add(dump.number)
        for side, packet, frames in ((0, theirs, 1), (1, ours, dump.frames)):
            if packet:
                every[side][packet[:6]] += 1
                totals[SIDES[side] + " packets"] += frames
                totals[SIDES[side] + " bytes"] += packet.length
        if dump.kind == "given-up":
            fragments[ours.src, ours.dst] -= ours.length
            continue
        if theirs and theirs.is_fragment and dump.kind in ("held", "reassembled"):
            fragments[theirs.src, theirs.dst] += theirs.length
            if ours:
                fragments[ours.src, ours.dst] -= ours.length
            if not ours or ours[:5] == theirs[:5]:
                continue
        if dump.kind == "reassembled" and dump.tunnel != "none":
            carriers.update(packet[:2] for packet in row.packets())
        same = ours[:6] == theirs[:6] if ours and theirs else ours is theirs
        if not same:
            kind = classify(theirs, dump, row) if row else "damage"
            differences.append((kind, dump.number, theirs, ours, row))
    for number, row in sorted(rows.items()):
        if row.packet() and number not in read:
            every[0][row.packet()[:6]] += 1
            differences.append((None, number, row.packet(), None, row))
    if differences and every[0] == every[1]:
        differences = [("order", *rest) for _, *rest in differences]
    for pair, left in fragments.items():
        if left:
            kind = "fragmented-carrier" if pair in carriers else None
            differences.append((kind, 0, f"{left} bytes of fragments {pair}", None, None))
    return differences


def captures(paths):
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file())
        elif path.exists():
            yield path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--dump", default=os.environ.get("DECODE_DUMP", "decode_dump"))
    parser.add_argument("--cache", help="folder that keeps tshark's answers")
    parser.add_argument("-v", action="store_true", help="print known differences too")
    args = parser.parse_args()
    found = list(captures(args.paths))
    if not found or not shutil.which("tshark") or not shutil.which(args.dump):
        print("skipped: needs tshark, decode_dump and a folder of captures")
        return 77
    totals = collections.Counter()
    classes = collections.Counter()
    for path in found:
        for kind, number, theirs, ours, row in compare(path, args, totals):
            classes[kind or "UNEXPLAINED"] += 1
            if kind is None or args.v:
                print(f"{path}:{number}: {kind or '?'}\n  tshark {theirs}\n  exfild {ours}")
                if row:
                    print(f"  {row.field['frame.protocols']} {row.expert[:150]}")
    totals["captures"] = len(found)
    print(dict(totals))
    print(dict(classes))
    return 1 if classes["UNEXPLAINED"] else 0


if __name__ == "__main__":
    sys.exit(main())
