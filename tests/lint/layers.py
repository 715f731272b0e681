#!/usr/bin/env python3
"""Holds the layers: who includes whom, and which foreign header lives where.

usage: layers.py [ROOT]        checks the tree
       layers.py --self-test   plants violations in a small tree and expects each to be found

layers.txt lists for each layer those that it may include, and for each foreign header ("<pcap") the
layers that may include it.  A layer may be named only after it is defined, so that the drawing has
no circles.  Each layer's CMakeLists.txt may link no more than that.  Violations are said as
file:line: sentence.
"""
import os
import re
import sys
import tempfile

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
PROGRAMS = {"exfild-responder.c": {"base", "config", "sandbox", "responder"}, "main.c": {"base", "engine"}, "exfilctl.c": {"base", "config", "content", "control", "policy", "signature"}}


def read_rules(path):
    """Layer -> set of layers; foreign prefix -> set of layers; and what is wrong in the file."""
    layers, foreign, errors = {}, {}, []
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.split("#", 1)[0].strip()
            if not line:
                continue
            name, _, rest = line.partition(":")
            names = rest.split()
            for other in names:
                if other not in layers:
                    errors.append(f"{path}:{number}: {other} is not defined above this line")
            if name.startswith("<"):
                foreign[name[1:]] = set(names)
            else:
                layers[name] = set(names)
    return layers, foreign, errors


def c_files(folder):
    for base, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.endswith((".c", ".h", ".def")):
                yield os.path.join(base, name)


def includes(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        for number, line in enumerate(f, 1):
            found = INCLUDE.match(line)
            if found:
                yield number, found.group(1) == "<", found.group(2)


def layer_of_quoted(path, name, root):
    """The layer that a quoted include reaches, or None when it is a file of its own folder."""
    if name.startswith("exfild/"):
        return name.split("/")[1]
    target = os.path.normpath(os.path.join(os.path.dirname(path), name))
    parts = os.path.relpath(target, root).split(os.sep)
    if parts[0] == "src" and len(parts) > 2:
        return parts[1]
    if parts[:2] == ["include", "exfild"] and len(parts) > 3:
        return parts[2]
    return None


def check_file(path, layer, allowed, foreign, root):
    for number, is_system, name in includes(path):
        where = f"{os.path.relpath(path, root)}:{number}"
        if is_system:
            for prefix, homes in foreign.items():
                if name.startswith(prefix) and layer not in homes:
                    yield f"{where}: <{name}> belongs to {' '.join(sorted(homes))}, not to {layer}"
            continue
        other = layer_of_quoted(path, name, root)
        if other and other != layer and other not in allowed:
            yield f"{where}: {layer} may not include {other} ({name})"


def check_links(path, layer, allowed, root):
    """The DEPS of exf_layer() in a CMakeLists.txt are within what the layer may include."""
    with open(path, encoding="utf-8") as f:
        text = re.sub(r"#[^\n]*", "", f.read())
    for call in re.findall(r"exf_layer\(([^)]*)\)", text):
        words, is_deps = call.split(), False
        for word in words[1:]:
            if word in ("SOURCES", "DEPS", "LIBS"):
                is_deps = word == "DEPS"
            elif is_deps and word not in allowed:
                yield f"{os.path.relpath(path, root)}: {layer} may not link {word}"


def check_tree(root, rules):
    layers, foreign, errors = read_rules(rules)
    yield from errors
    src = os.path.join(root, "src")
    for name in sorted(os.listdir(src)):
        path = os.path.join(src, name)
        if os.path.isdir(path) and name not in layers:
            yield f"src/{name}: layers.txt does not list this layer"
        elif name.endswith(".c") and name not in PROGRAMS:
            yield f"src/{name}: only programs lie here: {' '.join(sorted(PROGRAMS))}"
        elif name in PROGRAMS:
            yield from check_file(path, name, PROGRAMS[name], foreign, root)
    for layer, allowed in layers.items():
        for folder in (os.path.join(src, layer), os.path.join(root, "include", "exfild", layer)):
            for path in c_files(folder):
                yield from check_file(path, layer, allowed, foreign, root)
        links = os.path.join(src, layer, "CMakeLists.txt")
        if os.path.exists(links):
            yield from check_links(links, layer, allowed, root)


def plant(root, path, text):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def self_test():
    with tempfile.TemporaryDirectory() as root:
        plant(root, "layers.txt", "base:\nflow: base\nsink: base later\nlater: base\n<pcap: base\n")
        plant(root, "src/base/a.c", '#include <pcap/pcap.h>\n#include "exfild/base/a.h"\n')
        plant(root, "src/base/b.c", '\n#include "exfild/flow/table.h"\n')
        plant(root, "src/flow/a.c", '#include "exfild/base/a.h"\n#include <string.h>\n'
                                    '# include <pcap.h>\n#include "../sink/private.h"\n')
        plant(root, "src/flow/part/b.c", '#include "../a.h"\n#include "../../base/a.h"\n')
        plant(root, "include/exfild/flow/a.h", '#include "exfild/later/x.h"\n')
        plant(root, "src/flow/CMakeLists.txt", "exf_layer(flow SOURCES a.c\n DEPS base sink LIBS m)\n")
        plant(root, "src/main.c", '#include "exfild/flow/table.h"\n')
        plant(root, "src/stray/a.c", "")
        plant(root, "src/tool.c", "")
        found = "\n".join(check_tree(root, os.path.join(root, "layers.txt")))
    expected = [
        "layers.txt:3: later is not defined above this line",
        "src/base/b.c:2: base may not include flow",
        "src/flow/a.c:3: <pcap.h> belongs to base, not to flow",
        "src/flow/a.c:4: flow may not include sink",
        "include/exfild/flow/a.h:1: flow may not include later",
        "src/flow/CMakeLists.txt: flow may not link sink",
        "src/main.c:1: main.c may not include flow",
        "src/stray: layers.txt does not list this layer",
        "src/tool.c: only programs lie here",
    ]
    missed = [e for e in expected if e not in found]
    surplus = len(found.splitlines()) - len(expected)
    for e in missed:
        print(f"layers.py --self-test: not found: {e}")
    if surplus != 0 and not missed:
        print(f"layers.py --self-test: {surplus} more than planted:\n{found}")
    return 1 if missed or surplus != 0 else 0


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here))
    errors = list(check_tree(root, os.path.join(here, "layers.txt")))
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
