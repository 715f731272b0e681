#!/usr/bin/env python3
"""Writes the entries of a kept state as seeds of tests/fuzz/fuzz_state.c.

usage: state_seeds.py STATE_DIR OUT_DIR PART...

To be run when the form of a part has changed:  exfild -r CAPTURE... --state STATE_DIR  makes the state,
OUT_DIR/part_PART gets up to 16 entries of each PART: the tag of its name (two bytes), the length (two, both
little-endian), the bytes, as tests/support/owners.h reads them.
"""
import os
import sqlite3
import struct
import sys

MOST = 16


def tag(name):
    """As owners_tag() has it: FNV-1a, folded to 16 bits."""
    h = 2166136261
    for byte in name.encode():
        h = ((h ^ byte) * 16777619) & 0xFFFFFFFF
    return (h >> 16 ^ h) & 0xFFFF


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    state, out, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    database = sqlite3.connect(os.path.join(state, "state.db"))
    parts = {name: (number, epoch) for name, number, epoch in database.execute("select name, id, epoch from part")}
    for name in wanted:
        if name not in parts:
            sys.exit(f"state_seeds.py: the state has no part {name}")
        number, epoch = parts[name]
        low = number << 33 | epoch << 32  # row_id() of src/store/private.h
        rows = database.execute("select value from entry where id >= ? and id < ? order by id limit ?",
                                (low, low + (1 << 32), MOST)).fetchall()
        if not rows:
            sys.exit(f"state_seeds.py: the state has no entry of {name}")
        with open(os.path.join(out, "part_" + name), "wb") as f:
            for (value,) in rows:
                f.write(struct.pack("<HH", tag(name), len(value)) + value)
        print(f"part_{name}: {len(rows)} entries")


if __name__ == "__main__":
    main()
