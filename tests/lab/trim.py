#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""trim.py [--whole 20] [--keep 66] IN OUT: cut a long transfer down to its headers.

The first --whole frames of each unordered pair of addresses and ports stay whole (handshakes, names), later ones keep
--keep bytes. Lengths on the wire stay, as with the snapshot length of a recorder."""
import argparse
import collections

import capture_io


def flow(frame):
    found = capture_io.network_layer(frame)
    if not found or found[1] not in (capture_io.IPV4, capture_io.IPV6):
        return None
    at, kind, _ = found
    data = frame.data
    if kind == capture_io.IPV4:
        size, start, ports = 4, at + 12, at + (data[at] & 15) * 4
    else:
        size, start, ports = 16, at + 8, at + 40
    ends = [data[start + i * size:start + (i + 1) * size] + data[ports + 2 * i:ports + 2 * i + 2] for i in (0, 1)]
    return tuple(sorted(ends))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--whole", type=int, default=20)
    parser.add_argument("--keep", type=int, default=66)
    parser.add_argument("input")
    parser.add_argument("output")
    options = parser.parse_args()
    frames = list(capture_io.read(options.input))
    seen = collections.Counter()
    with capture_io.Writer(options.output, frames[0].link, nanoseconds=False) as out:
        for frame in frames:
            key = flow(frame)
            seen[key] += 1
            whole = key is None or seen[key] <= options.whole
            out.write(frame.time, frame.data if whole else frame.data[:options.keep], frame.length)


if __name__ == "__main__":
    main()
