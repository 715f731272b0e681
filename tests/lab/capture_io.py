# SPDX-License-Identifier: MIT
"""Reading pcap and pcapng, writing pcap, and bringing frames to Ethernet: what the lab's scripts share. No dependency."""
import struct
import zlib

ETHERNET, LINUX_SLL, LINUX_SLL2, NULL, LOOP = 1, 113, 276, 0, 108
RAW = (12, 14, 101, 228, 229)
IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806


class Frame:
    """A captured frame: time in nanoseconds, the captured bytes, the length on the wire, the link type."""
    __slots__ = ("time", "data", "length", "link")

    def __init__(self, time, data, length, link):
        self.time, self.data, self.length, self.link = time, data, length, link


def read(path):
    """Yields every Frame of a pcap or pcapng file; a damaged tail ends it."""
    with open(path, "rb") as stream:
        blob = stream.read()
    magic = blob[:4]
    if magic == b"\x0a\x0d\x0d\x0a":
        yield from _read_pcapng(blob)
        return
    # byte order, nanoseconds of a fraction's unit, bytes of a record's header that are passed over
    forms = {b"\xd4\xc3\xb2\xa1": ("<", 1000, 0), b"\xa1\xb2\xc3\xd4": (">", 1000, 0),
             b"\x4d\x3c\xb2\xa1": ("<", 1, 0), b"\xa1\xb2\x3c\x4d": (">", 1, 0),
             b"\x34\xcd\xb2\xa1": ("<", 1000, 8), b"\xa1\xb2\xcd\x34": (">", 1000, 8)}
    if magic not in forms or len(blob) < 24:
        raise SystemExit(f"{path}: not a capture file")
    order, unit, passed_over = forms[magic]
    link = struct.unpack_from(order + "I", blob, 20)[0] & 0x0FFFFFFF
    at, record = 24, struct.Struct(order + "IIII")
    while at + 16 + passed_over <= len(blob):
        seconds, fraction, kept, length = record.unpack_from(blob, at)
        at += 16 + passed_over
        if at + kept > len(blob):
            return
        yield Frame(seconds * 10**9 + fraction * unit, blob[at:at + kept], length, link)
        at += kept


def _options(blob, order, at, end):
    found = {}
    while at + 4 <= end:
        code, size = struct.unpack_from(order + "HH", blob, at)
        if code == 0:
            break
        found[code] = blob[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4
    return found


def _read_pcapng(blob):
    order, interfaces, at, last = "<", [], 0, 0
    while at + 12 <= len(blob):
        if blob[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if blob[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        kind, size = struct.unpack_from(order + "II", blob, at)
        if size < 12 or at + size > len(blob):
            return
        body, end = at + 8, at + size - 4
        if kind == 1:
            link, _, snap = struct.unpack_from(order + "HHI", blob, body)
            options = _options(blob, order, body + 8, end)
            resolution = options.get(9, b"\x06")[0]
            per_second = 2 ** (resolution & 127) if resolution & 128 else 10 ** resolution
            offset = struct.unpack(order + "q", options[14])[0] if 14 in options else 0
            interfaces.append((link, per_second, offset, snap))
        elif kind in (6, 2):
            if kind == 6:
                number, high, low, kept, length = struct.unpack_from(order + "IIIII", blob, body)
            else:
                number, _, high, low, kept, length = struct.unpack_from(order + "HHIIII", blob, body)
            if number < len(interfaces) and body + 20 + kept <= end:
                link, per_second, offset, _ = interfaces[number]
                last = ((high << 32 | low) * 10**9) // per_second + offset * 10**9
                yield Frame(last, blob[body + 20:body + 20 + kept], length, link)
        elif kind == 3 and interfaces:
            length = struct.unpack_from(order + "I", blob, body)[0]
            link, _, _, snap = interfaces[0]
            kept = min(length, snap or length, end - body - 4)
            yield Frame(last, blob[body + 4:body + 4 + kept], length, link)
        at += size


class Writer:
    """Writes pcap, nanoseconds, one link type, native order of the lab (little endian)."""

    def __init__(self, path, link=ETHERNET, nanoseconds=True):
        self.unit = 1 if nanoseconds else 1000
        self.stream = open(path, "wb")
        magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
        self.stream.write(struct.pack("<IHHiIII", magic, 2, 4, 0, 0, 262144, link))

    def write(self, time, data, length):
        # pcap has 32 bits for seconds and lengths: what lies outside is brought to the edge
        time = min(max(time, 0), 0xFFFFFFFF * 10**9)
        length = min(max(length, len(data)), 0xFFFFFFFF)
        self.stream.write(struct.pack("<IIII", time // 10**9, time % 10**9 // self.unit, len(data), length))
        self.stream.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()


def has_nanoseconds(frames):
    return any(frame.time % 1000 for frame in frames)


def mac_of(data, kind):
    """A stable local MAC for the sender of a packet that came without one."""
    if kind == IPV4 and len(data) >= 16:
        return b"\x02\x00" + data[12:16]
    if kind == IPV6 and len(data) >= 24:
        return b"\x02\x06" + zlib.crc32(data[8:24]).to_bytes(4, "big")
    return b"\x02\x00\x00\x00\x00\x01"


def network_layer(frame):
    """(offset of the network header, its EtherType, offset of that type or None) or None where it is not known."""
    data, link = frame.data, frame.link
    if link in RAW:
        if not data:
            return None
        return (0, IPV4 if data[0] >> 4 == 4 else IPV6, None)
    if link in (NULL, LOOP):
        if len(data) < 5:
            return None
        return (4, IPV4 if data[4] >> 4 == 4 else IPV6, None)
    if link == LINUX_SLL:
        return (16, int.from_bytes(data[14:16], "big"), 14) if len(data) >= 16 else None
    if link == LINUX_SLL2:
        return (20, int.from_bytes(data[0:2], "big"), 0) if len(data) >= 20 else None
    if link != ETHERNET or len(data) < 14:
        return None
    at = 12
    while data[at:at + 2] in (b"\x81\x00", b"\x88\xa8", b"\x91\x00") and at + 6 <= len(data):
        at += 4
    return (at + 2, int.from_bytes(data[at:at + 2], "big"), at)


def to_ethernet(frame):
    """The same Frame with an Ethernet header, or None where its link type cannot have one."""
    if frame.link == ETHERNET:
        return frame if len(frame.data) >= 14 else None
    found = network_layer(frame)
    if found is None:
        return None
    start, kind, _ = found
    packet = frame.data[start:]
    source = mac_of(packet, kind)
    if frame.link == LINUX_SLL and frame.data[4:6] == b"\0\6":
        source = frame.data[6:12]
    elif frame.link == LINUX_SLL2 and frame.data[11] == 6:
        source = frame.data[12:18]
    header = b"\x02\x00\x00\x00\x00\xfe" + source + struct.pack(">H", kind)
    return Frame(frame.time, header + packet, frame.length - start + 14, ETHERNET)


def fold(total):
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def word_sum(data):
    """The one's complement sum of big-endian words, not inverted."""
    if len(data) % 2:
        data = bytes(data) + b"\0"
    return fold(sum(struct.unpack(f">{len(data) // 2}H", data)))


def checksum(data):
    return 0xFFFF - word_sum(data)


def adjusted(old, removed, added):
    """Checksum `old` after words summing to `removed` were replaced by words summing to `added` (RFC 1624)."""
    return 0xFFFF - fold((0xFFFF - old) + (0xFFFF - fold(removed)) + fold(added))
