#!/usr/bin/env python3
"""Holds the size of functions and files.

usage: size.py [ROOT]        checks src and include
       size.py --self-test   measures planted files

At most 1 % of all functions may be over 100 lines, none over 150.  A file over 400 lines is named,
one over 600 fails.  A function is what stands between a brace in the first column and the next one
that closes in the first column: the formatter sees to it that both are there.
"""
import os
import sys
import tempfile

FUNCTION_LONG = 100
FUNCTION_MAX = 150
LONG_SHARE = 0.01
FILE_LONG = 400
FILE_MAX = 600


def functions(lines):
    """(line, name, length) of each function; the length counts the lines between its braces."""
    start = None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start:
            yield start, head(lines, start - 2), number - start - 1
            start = None


def head(lines, at):
    """The name before the parenthesis of the declaration that ends on line at (from zero)."""
    while at > 0 and lines[at][:1] in (" ", "\t"):
        at -= 1
    return lines[at].split("(")[0].split()[-1].lstrip("*") if at >= 0 and lines[at].strip() else "?"


def source_files(root):
    for top in ("src", "include"):
        for base, folders, files in os.walk(os.path.join(root, top)):
            folders.sort()
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.join(base, name)


def measure(root):
    """(errors, remarks) of the tree."""
    errors, remarks, long_ones, count = [], [], [], 0
    for path in source_files(root):
        name = os.path.relpath(path, root)
        with open(path, encoding="utf-8", errors="replace") as f:
            lines = f.read().splitlines()
        if len(lines) > FILE_MAX:
            errors.append(f"{name}:{FILE_MAX + 1}: {len(lines)} lines, at most {FILE_MAX}")
        elif len(lines) > FILE_LONG:
            remarks.append(f"{name}: {len(lines)} lines; over {FILE_LONG} is for a reason only")
        for line, function, length in functions(lines):
            count += 1
            if length > FUNCTION_MAX:
                errors.append(f"{name}:{line}: {function} has {length} lines, at most {FUNCTION_MAX}")
            if length > FUNCTION_LONG:
                long_ones.append(f"{name}:{line}: {function} has {length} lines")
    if len(long_ones) > LONG_SHARE * count:
        errors.append(f"{len(long_ones)} of {count} functions are over {FUNCTION_LONG} lines, "
                      f"at most {LONG_SHARE:.0%}:")
        errors.extend(long_ones)
    return errors, remarks + [f"{count} functions, {len(long_ones)} over {FUNCTION_LONG} lines"]


def plant(root, path, body, copies=1):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        for i in range(copies):
            f.write(f"static int f{i}(int a,\n\t\tint b)\n{{\n" + "\t;\n" * body + "}\n")


def self_test():
    expected = [
        # functions' length, copies, words that must be in the errors; none means clean
        (5, 60, []),
        (101, 1, ["1 of 1 functions are over 100 lines"]),
        (151, 1, ["src/x/a.c:3: f0 has 151 lines, at most 150", "1 of 1"]),
        (145, 4, ["4 of 4"]),
        (20, 25, []),
        (20, 26, ["src/x/a.c:601: 624 lines, at most 600"]),
    ]
    bad = 0
    for body, copies, words in expected:
        with tempfile.TemporaryDirectory() as root:
            plant(root, "src/x/a.c", body, copies)
            found = "\n".join(measure(root)[0])
        if [w for w in words if w not in found] or (not words and found):
            print(f"size.py --self-test: {copies} of {body} lines: {found or 'nothing found'}")
            bad = 1
    return bad


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = sys.argv[1] if len(sys.argv) > 1 else \
        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    errors, remarks = measure(root)
    for line in remarks + errors:
        print(line)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
