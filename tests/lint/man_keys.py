#!/usr/bin/env python3
"""Holds the manual page and the example configuration against the tables of keys.

usage: man_keys.py SCHEMA MAN EXAMPLE

SCHEMA is what config_print_schema() prints: path, type, range, default, state and help, a tab
between them.  The manual page must have ".It Ic PATH" for each key that has a value, with a line
"(type, range; default)" before the next; a map must have a heading.  The example must say the same
in its comments.  Nothing may be documented that the tables do not have.
"""
import re
import sys


def read_schema(path):
    with open(path, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    return [row for row in rows if len(row) == 6]


def words(row):
    """The type, range and default of a key, as documents write them."""
    _, kind, limits, default, state, _ = row
    text = kind
    if limits:
        text += (" " if kind == "one of" else ", ") + limits
    text += "; " + ("" if default == "required" else "default ") + default
    return "(" + text + ("; " + state if state else "") + ")"


def read_man(path):
    """Key to its line of type, range and default; and the headings."""
    keys, headings, key = {}, set(), None
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            if line.startswith(".It Ic "):
                key = line[7:]
                keys[key] = None
            elif line.startswith(".Ss "):
                headings.add(line[4:])
                key = None
            elif key and re.fullmatch(r"\(.*; .*\)", line):
                keys[key] = line
    return keys, headings


def check_man(schema, path):
    keys, headings = read_man(path)
    known = set()
    for row in schema:
        name, kind = row[0], row[1]
        known.add(name)
        if kind in ("map", "map of maps"):
            if "." not in name and name not in headings:
                yield f"{path}: no heading for {name}"
        elif name not in keys:
            yield f"{path}: no entry for {name}"
        elif keys[name] != words(row):
            yield f"{path}: {name} is {words(row)}, not {keys[name]}"
    for name in keys:
        if name not in known:
            yield f"{path}: {name} is no key"


def check_example(schema, path):
    with open(path, encoding="utf-8") as f:
        lines = f.read().splitlines()
    comments = " ".join(re.sub(r"^\s*#\s*", "", l) for l in lines if l.lstrip().startswith("#"))
    comments = re.sub(r"\s+", " ", comments)
    for row in schema:
        name, kind, help_text = row[0], row[1], row[5]
        if kind in ("map", "map of maps"):
            continue
        leaf = name.split(".")[-1]
        if help_text not in comments:
            yield f"{path}: the help of {name} is missing or another"
        elif kind != "path or list of paths" and words(row) not in comments:
            yield f"{path}: {name}: {words(row)} is missing"
        if not any(re.match(rf"\s*(#\s*)?(- \{{)?{leaf}:", l) for l in lines):
            yield f"{path}: {name} is missing"


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    schema = read_schema(sys.argv[1])
    if not schema:
        sys.exit(f"{sys.argv[1]}: no keys")
    errors = list(check_man(schema, sys.argv[2])) + list(check_example(schema, sys.argv[3]))
    for error in errors:
        print(error)
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
