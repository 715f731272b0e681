#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_hostile.py OUTDIR: write broken, strange and merely unusual capture files. The same bytes in every run.

Names say what to expect: bad_* must be refused or read up to the damage (exit status 3), odd_* are valid and must be
read whole, any_* may go either way. Nothing may crash, hang, or ask for memory by a length that a file claims."""
import argparse
import os
import struct
import sys

import capture_io

T0 = 1_760_000_000
ETHERNET, RAW = 1, 101
MICRO, NANO = 0xA1B2C3D4, 0xA1B23C4D


def packet(number, source=(10, 20, 1, 10), target=(203, 0, 113, 20)):
    """An IPv4 UDP datagram with right checksums (UDP: none)."""
    data = b"exfild test %06d" % number
    udp = struct.pack(">HHHH", 40000 + number % 1000, 9999, 8 + len(data), 0) + data
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), number & 0xFFFF, 0, 64, 17, 0, bytes(source), bytes(target))
    return head[:10] + struct.pack(">H", capture_io.checksum(head)) + head[12:] + udp


def frame(number, **ends):
    return bytes.fromhex("02000a14010102000a14010a0800") + packet(number, **ends)


def cooked(number):
    return struct.pack(">HHH8sH", 0, 1, 6, bytes.fromhex("02000a14010a0000"), 0x0800) + packet(number)


def header(order="<", magic=MICRO, link=ETHERNET, snap=262144, version=(2, 4)):
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, snap, link)


def record(seconds, fraction, data, order="<", kept=None, length=None):
    kept = len(data) if kept is None else kept
    return struct.pack(order + "IIII", seconds, fraction, kept, len(data) if length is None else length) + data


def pcap(frames=20, order="<", magic=MICRO, **options):
    step = 1000 if magic == MICRO else 1_000_000
    return header(order, magic, **options) + b"".join(record(T0, i * step, frame(i), order) for i in range(frames))


def timed(times):
    return header() + b"".join(record(int(when), int(when % 1 * 1e6), frame(i)) for i, when in enumerate(times))


# ---- pcapng ----

def block(kind, body, order="<", size=None, tail=None):
    body += bytes(-len(body) % 4)
    real = 12 + len(body)
    size = real if size is None else size
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size if tail is None else tail)


def section(order="<", **options):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order, **options)


def option(code, value, order="<"):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(link=ETHERNET, order="<", resolution=None, offset=None, snap=0):
    options = b""
    if resolution is not None:
        options += option(9, bytes([resolution]), order)
    if offset is not None:
        options += option(14, struct.pack(order + "q", offset), order)
    if options:
        options += option(0, b"", order)
    return block(1, struct.pack(order + "HHI", link, 0, snap) + options, order)


def enhanced(number, ticks, data, order="<", kept=None, **sizes):
    kept = len(data) if kept is None else kept
    body = struct.pack(order + "IIIII", number, ticks >> 32 & 0xFFFFFFFF, ticks & 0xFFFFFFFF, kept, len(data)) + data
    return block(6, body, order, **sizes)


def ticks(i, per_second=10**6):
    return T0 * per_second + i * per_second // 1000


def good(count=5, order="<"):
    return b"".join(enhanced(0, ticks(i), frame(i), order) for i in range(count))


def pcap_files():
    whole = pcap()
    yield "bad_empty.pcap", b""
    for size in (1, 3, 4, 8, 23):
        yield f"bad_header_cut_{size}.pcap", whole[:size]
    yield "odd_header_only.pcap", whole[:24]
    for size in (25, 39, 40, 60):
        yield f"bad_record_cut_{size}.pcap", whole[:size]
    yield "bad_last_record_cut.pcap", whole[:-7]
    yield "bad_record_4gib.pcap", pcap(5) + record(T0, 9, frame(5), kept=0xFFFFFFFF, length=0xFFFFFFFF) + record(T0, 10, frame(6))
    yield "bad_record_2gib.pcap", pcap(5) + record(T0, 9, frame(5), kept=0x7FFFFFFF)
    yield "any_record_over_snaplen.pcap", pcap(5, snap=96) + record(T0, 9, bytes(300_000), kept=300_000)
    yield "odd_kept_more_than_wire.pcap", header() + record(T0, 0, frame(0), length=20) + record(T0, 1, frame(1))
    yield "odd_record_length_zero.pcap", header() + record(T0, 0, b"") + record(T0, 1, frame(1)) + record(T0, 2, b"", length=60)
    yield "odd_wire_length_4gib.pcap", header() + b"".join(record(T0, i, frame(i), length=0xFFFFFFFF) for i in range(5))
    yield "odd_fraction_over_a_second.pcap", header() + record(T0, 2_500_000, frame(0)) + record(T0 + 1, 0xFFFFFFFF, frame(1)) + record(T0 + 5, 0, frame(2))
    yield "bad_link_unknown.pcap", pcap(link=60000)
    yield "bad_link_usb.pcap", pcap(link=220)
    yield "any_version.pcap", pcap(version=(9, 9))
    yield "odd_snaplen_zero.pcap", pcap(snap=0)
    yield "odd_fcs_bits.pcap", pcap(link=ETHERNET | 0x24000000)
    yield "odd_link_raw.pcap", header(link=RAW) + b"".join(record(T0, i, packet(i)) for i in range(5))
    yield "odd_link_cooked.pcap", header(link=113) + b"".join(record(T0, i, cooked(i)) for i in range(5))
    yield "odd_big_endian.pcap", pcap(order=">")
    yield "odd_nanoseconds.pcap", pcap(magic=NANO)
    yield "odd_nanoseconds_big_endian.pcap", pcap(order=">", magic=NANO)
    yield "any_modified_magic.pcap", b"\x34\xcd\xb2\xa1" + header()[4:] + b"".join(
        record(T0, i, b"")[:16 - 8] + struct.pack("<IIIHBB", len(frame(i)), len(frame(i)), 1, 0, 0, 0) + frame(i) for i in range(5))
    yield "odd_garbage_frames.pcap", header() + b"".join(record(T0, i, bytes((i * 7 + j * j) & 255 for j in range(i * 5))) for i in range(64))
    yield "bad_garbage_tail.pcap", pcap(5) + bytes((i * 37 + 11) & 255 for i in range(999))


def time_files():
    yield "odd_time_backwards.pcap", timed(T0 + 100 - i for i in range(60))
    yield "odd_time_jitter.pcap", timed(T0 + i + (-3 if i % 5 == 4 else 0) for i in range(60))
    yield "odd_time_leap_years.pcap", timed(T0 + i + (5 * 31_557_600 if i >= 30 else 0) for i in range(60))
    yield "odd_time_leap_one_packet.pcap", timed(T0 + i + (5 * 31_557_600 if i == 30 else 0) for i in range(60))
    yield "odd_time_leap_back_years.pcap", timed(T0 + i - (5 * 31_557_600 if i >= 30 else 0) for i in range(60))
    yield "odd_time_zero.pcap", timed(float(i) for i in range(20))
    yield "odd_time_2106.pcap", timed(0xFFFFFFFF - 10 + min(i, 10) for i in range(20))
    yield "odd_time_all_equal.pcap", timed(T0 for _ in range(60))


def pcapng_files():
    start = section() + interface()
    whole = start + good()
    yield "odd_plain.pcapng", whole
    yield "odd_big_endian.pcapng", section(">") + interface(order=">") + good(order=">")
    yield "odd_two_sections.pcapng", whole + section(">") + interface(order=">") + good(order=">")
    yield "odd_section_only.pcapng", whole[:28]
    for size in (4, 8, 12, 27, 40, 60, len(whole) - 3):
        yield f"bad_cut_{size}.pcapng", whole[:size]
    yield "bad_block_length_zero.pcapng", whole + enhanced(0, ticks(6), frame(6), size=0)
    yield "bad_block_length_8.pcapng", whole + enhanced(0, ticks(6), frame(6), size=8)
    yield "bad_block_length_odd.pcapng", whole + enhanced(0, ticks(6), frame(6), size=93)
    yield "bad_block_length_4gib.pcapng", whole + enhanced(0, ticks(6), frame(6), size=0xFFFFFFFC)
    yield "bad_block_lengths_differ.pcapng", whole + enhanced(0, ticks(6), frame(6), tail=16) + good()
    yield "bad_section_length.pcapng", section(size=12) + interface() + good()
    yield "bad_byte_order.pcapng", whole[:8] + b"\xde\xad\xbe\xef" + whole[12:]
    yield "any_section_version.pcapng", whole[:12] + struct.pack("<HH", 7, 7) + whole[16:]
    yield "bad_kept_over_block.pcapng", whole + enhanced(0, ticks(6), frame(6), kept=0xFFFFFFFF) + good()
    yield "bad_no_interface.pcapng", section() + good()
    yield "bad_interface_missing.pcapng", whole + enhanced(7, ticks(6), frame(6)) + good()
    yield "bad_interface_after_packet.pcapng", section() + good(2) + interface() + good(3)
    yield "bad_interface_short.pcapng", section() + block(1, b"\1\0") + good()
    yield "bad_interface_option_length.pcapng", section() + block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HH", 9, 60000)) + good()
    yield "bad_packet_short.pcapng", start + block(6, bytes(8)) + good()
    yield "bad_simple_without_interface.pcapng", section() + block(3, struct.pack("<I", 60) + frame(0))
    yield "any_interface_flood.pcapng", section() + interface() * 70_000 + enhanced(69_999, ticks(0), frame(0))
    # the second interface has a link type that nobody knows: its packets are refused, the first one's are read
    yield "bad_link_unknown_second.pcapng", start + interface(60000) + b"".join(enhanced(i % 2, ticks(i), frame(i)) for i in range(10))
    mixed = section() + interface(ETHERNET) + interface(RAW, resolution=9) + interface(113, resolution=0x80 | 20) + interface(RAW, offset=T0)
    for i in range(12):
        mixed += enhanced(0, ticks(i * 4), frame(i)) + enhanced(1, ticks(i * 4 + 1, 10**9), packet(i))
        mixed += enhanced(2, ticks(i * 4 + 2, 2**20), cooked(i)) + enhanced(3, (i * 4 + 3) * 1000, packet(i))
    yield "odd_mixed_links_and_resolutions.pcapng", mixed
    for name, value in (("1s", 0), ("picoseconds", 12), ("2_to_63", 0x80 | 63)):
        per_second = 2 ** (value & 127) if value & 128 else 10**value
        body = b"".join(enhanced(0, (T0 * per_second if value < 12 else per_second // 3 + i) & (2**64 - 1), frame(i)) for i in range(5))
        yield f"odd_resolution_{name}.pcapng", section() + interface(resolution=value) + body
    for value in (20, 127, 255):
        yield f"any_resolution_{value}.pcapng", section() + interface(resolution=value) + good()
    yield "any_offset_negative.pcapng", section() + interface(offset=-(2**62)) + good()
    yield "odd_unknown_blocks.pcapng", start + block(0x0BAD, b"x" * 33) + good() + block(0x80000001, bytes(400)) + block(5, struct.pack("<III", 0, 0, 0))
    yield "odd_simple_packets.pcapng", section() + interface(snap=40) + b"".join(block(3, struct.pack("<I", len(frame(i))) + frame(i)[:40]) for i in range(5))
    old = b"".join(block(2, struct.pack("<HHIIII", 0, 0xFFFF, ticks(i) >> 32, ticks(i) & 0xFFFFFFFF, len(frame(i)), len(frame(i))) + frame(i)) for i in range(5))
    yield "odd_obsolete_packet_blocks.pcapng", start + old
    yield "odd_section_in_the_middle.pcapng", whole + section() + interface(RAW) + b"".join(enhanced(0, ticks(9 + i), packet(i)) for i in range(5))


def other_files():
    yield "bad_text.pcap", b"This is not a capture.\n" * 40
    yield "bad_gzip_cut.pcap.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\x4b\x4c"
    yield "bad_zstd_cut.pcap.zst", b"\x28\xb5\x2f\xfd\x24\x40"
    yield "bad_zeros.pcap", bytes(4096)
    yield "bad_elf.pcap", b"\x7fELF\x02\x01\x01" + bytes(200)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir")
    options = parser.parse_args()
    os.makedirs(options.outdir, exist_ok=True)
    count = 0
    for files in (pcap_files(), time_files(), pcapng_files(), other_files()):
        for name, data in files:
            with open(os.path.join(options.outdir, name), "wb") as stream:
                stream.write(data)
            count += 1
    print(f"{count} files", file=sys.stderr)


if __name__ == "__main__":
    main()
