#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Relative links of the documents lead somewhere.

usage: links.py [ROOT]        checks every *.md of the tree
       links.py --self-test   plants a tree with dead links

[words](path) and [words](path#heading) must name a file or folder of the tree, and the heading must exist in it.
Links with a scheme are not followed; code is left out.
"""
import os
import re
import sys
import tempfile

SKIPPED = {".git", "build", "node_modules"}


def documents(root):
    for base, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in sorted(files):
            if name.endswith(".md"):
                yield os.path.join(base, name)


def prose(path):
    """(number, line) without fenced blocks and code spans."""
    fenced = False
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if line.lstrip().startswith("```"):
                fenced = not fenced
            elif not fenced:
                yield number, line


def anchors(path):
    """The names that headings of a document get."""
    names = set()
    for _, line in prose(path):
        found = re.match(r"#+\s+(.*?)\s*$", line)
        if found:
            text = re.sub(r"[^\w\- ]", "", found.group(1).lower())
            names.add(text.replace(" ", "-"))
    return names


def fault(path, target):
    """What is wrong with a link in the document, or None."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    name, _, anchor = target.partition("#")
    where = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
    if not os.path.exists(where):
        return f"{target} does not exist"
    if anchor and where.endswith(".md") and anchor not in anchors(where):
        return f"{target} has no such heading"
    return None


def check(root):
    for path in documents(root):
        for number, line in prose(path):
            line = re.sub(r"`[^`]*`", "", line)
            for target in re.findall(r"\]\(([^)\s]+)\)", line):
                wrong = fault(path, target)
                if wrong:
                    yield f"{os.path.relpath(path, root)}:{number}: {wrong}"


def self_test():
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(os.path.join(root, "docs"))
        with open(os.path.join(root, "docs", "a.md"), "w", encoding="utf-8") as f:
            f.write("# A title, here\n[up](../b.md) [self](#a-title-here) [web](https://example.org/x)\n"
                    "[gone](c.md) [lost](../b.md#nothing)\n```\n[code](none.md)\n```\n`[span](none.md)`\n")
        with open(os.path.join(root, "b.md"), "w", encoding="utf-8") as f:
            f.write("# B\n[there](docs/a.md#a-title-here) [folder](docs/)\n")
        found = list(check(root))
    expected = ["docs/a.md:3: c.md does not exist", "docs/a.md:3: ../b.md#nothing has no such heading"]
    if found != expected:
        print("links.py --self-test: expected", *expected, "found", *found, sep="\n  ")
        return 1
    return 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here))
    errors = list(check(root))
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
