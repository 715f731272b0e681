#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""stretch.py --duration SECONDS [--gap 0.01] IN OUT: make a recording last longer by rewriting its timestamps.

Only the pauses longer than --gap seconds grow, all by one factor; a question and its answer stay as near as they were."""
import argparse

import capture_io


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration", type=float, required=True)
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("input")
    parser.add_argument("output")
    options = parser.parse_args()
    frames = list(capture_io.read(options.input))
    gaps = [max(0, after.time - before.time) for before, after in zip(frames, frames[1:])]
    limit = int(options.gap * 1e9)
    long_gaps = sum(gap for gap in gaps if gap > limit)
    factor = (options.duration * 1e9 - sum(gap for gap in gaps if gap <= limit)) / long_gaps
    now = frames[0].time
    with capture_io.Writer(options.output, frames[0].link, nanoseconds=False) as out:
        for frame, gap in zip(frames, [0] + gaps):
            now += int(gap * factor) if gap > limit else gap
            out.write(now, frame.data, frame.length)
    print(f"{len(frames)} frames over {(now - frames[0].time) / 1e9:.1f} s, pauses times {factor:.0f}")


if __name__ == "__main__":
    main()
