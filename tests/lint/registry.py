#!/usr/bin/env python3
"""What is registered has its test, its page and its replay.

usage: registry.py [ROOT]        checks the tree
       registry.py --self-test   plants a tree with gaps

For each line of a .def file: a detector has tests/unit/detect/test_<name>*.c, docs/detectors/<name>.md
and a replay of tests/replay whose expect.ndjson holds an alert of it, one of them recorded from a program
that was not written for the test (its README names no script that writes packets); an inspector and a decoder have
their unit test, and a fuzz target that names the inspector; a sink has a unit test that names it.
A .def file of names is sorted.
"""
import glob
import json
import os
import re
import sys
import tempfile


# Scripts of tests/lab that write both ends of a conversation themselves.
SCRIPTED = re.compile(r"\b(askers|write_pcap|rpc_exchange|theft|channels|feeds|held|implants|staged|pipe_agents|web_agents)\.py\b")
# Detectors of which no recording of a program exists, and why.
NO_TOOL = {
    "implant_protocol": "no implant is packaged, and none is run here",
    "ntp_channel": "no tool that tunnels in NTP is packaged",
    "peer_file": "no server of OSCAR is packaged, and clients do not send a file without one",
    "pipe_channel": "no framework of agents that are led over pipes is packaged",
}


def read_def(path, macro):
    """(line, name) of each MACRO(name...)."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        rows = [(n, re.match(rf"{macro}\((\w+)", line)) for n, line in enumerate(f, 1)]
    return [(n, found.group(1)) for n, found in rows if found]


def replayed(root, scenario="*"):
    """The detectors that an expected alert names."""
    names = set()
    for path in glob.glob(os.path.join(root, "tests/replay", scenario, "expect.ndjson")):
        with open(path, encoding="utf-8") as f:
            for line in f:
                if line.strip():
                    alert = json.loads(line)
                    names.add(alert.get("exfild", {}).get("detector"))
                    names.add(alert.get("rule", {}).get("id"))
    return names


def recorded(root):
    """The detectors that a recording of a program shows."""
    names = set()
    for path in glob.glob(os.path.join(root, "tests/replay/*/README")):
        with open(path, encoding="utf-8") as f:
            if not SCRIPTED.search(f.read()):
                names |= replayed(root, os.path.basename(os.path.dirname(path)))
    return names


def mentioned(root, pattern, words):
    """A file of the pattern holds what the expression says."""
    for path in glob.glob(os.path.join(root, pattern)):
        with open(path, encoding="utf-8", errors="replace") as f:
            if re.search(words, f.read()):
                return True
    return False


def exists(root, pattern):
    return bool(glob.glob(os.path.join(root, pattern)))


def check_detector(root, name, replays, records):
    if not exists(root, f"tests/unit/detect/test_{name}*.c"):
        yield f"tests/unit/detect/test_{name}.c is missing"
    if not exists(root, f"docs/detectors/{name}.md"):
        yield f"docs/detectors/{name}.md is missing"
    if name not in replays:
        yield "no alert of it in tests/replay/*/expect.ndjson"
    elif name not in records and name not in NO_TOOL:
        yield "only scripts show it: record a program that does it (tests/lab/README.md)"
    elif name in records and name in NO_TOOL:
        yield "a program shows it now: NO_TOOL of registry.py says that none does"


def check_inspector(root, name):
    if not exists(root, f"tests/unit/inspect/test_{name}*.c"):
        yield f"tests/unit/inspect/test_{name}.c is missing"
    if not mentioned(root, "tests/fuzz/fuzz_*.c", rf"\b{name}_inspector\b"):
        yield f"no target of tests/fuzz names {name}_inspector"


def check_decoder(root, name):
    if not exists(root, f"tests/unit/decode/test_{name}*.c"):
        yield f"tests/unit/decode/test_{name}.c is missing"


def check_sink(root, name):
    if not exists(root, f"tests/unit/sink/test_{name}*.c") and \
            not mentioned(root, "tests/unit/sink/test_*.c", rf'(sink_{name}\b|"{name}")'):
        yield f"no test of tests/unit/sink names sink_{name}"


def check_tree(root):
    replays, records = replayed(root), recorded(root)
    kinds = [
        ("src/detect/detectors.def", "DETECTOR", lambda r, n: check_detector(r, n, replays, records)),
        ("src/inspect/inspectors.def", "INSPECTOR", check_inspector),
        ("src/decode/decoders.def", "DECODER", check_decoder),
        ("src/sink/sinks.def", "SINK", check_sink),
    ]
    for path, macro, check in kinds:
        rows = read_def(os.path.join(root, path), macro)
        names = [name for _, name in rows]
        if names != sorted(names):
            yield f"{path}: is not sorted"
        seen = set()
        for line, name in rows:
            if name not in seen:
                seen.add(name)
                for error in check(root, name):
                    yield f"{path}:{line}: {name}: {error}"


def plant(root, path, text=""):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def self_test():
    with tempfile.TemporaryDirectory() as root:
        plant(root, "src/detect/detectors.def", "/* x */\nDETECTOR(whole)\nDETECTOR(bare)\nDETECTOR(made)\n")
        for name in ("whole", "made"):
            plant(root, f"tests/unit/detect/test_{name}.c")
            plant(root, f"docs/detectors/{name}.md")
            plant(root, f"tests/replay/{name}/expect.ndjson", '{"rule":{"id":"%s"},"exfild":{}}\n' % name)
        plant(root, "tests/replay/whole/README", "nmap\n")
        plant(root, "tests/replay/made/README", "Written by tests/lab/write_pcap.py\n")
        plant(root, "src/inspect/inspectors.def", "INSPECTOR(a)\nINSPECTOR(b)\n")
        plant(root, "tests/unit/inspect/test_a.c")
        plant(root, "tests/fuzz/fuzz_a.c", "&a_inspector;")
        plant(root, "src/decode/decoders.def", "DECODER(ip, X, 1)\nDECODER(ip, X, 2)\nDECODER(tcp, X, 1)\n")
        plant(root, "tests/unit/decode/test_tcp.c")
        plant(root, "src/sink/sinks.def", "SINK(file)\nSINK(redis)\n")
        plant(root, "tests/unit/sink/test_local.c", "&sink_file;")
        found = list(check_tree(root))
    expected = [
        "src/detect/detectors.def: is not sorted",
        "src/detect/detectors.def:3: bare: tests/unit/detect/test_bare.c is missing",
        "src/detect/detectors.def:3: bare: docs/detectors/bare.md is missing",
        "src/detect/detectors.def:3: bare: no alert of it in tests/replay/*/expect.ndjson",
        "src/detect/detectors.def:4: made: only scripts show it: record a program that does it (tests/lab/README.md)",
        "src/inspect/inspectors.def:2: b: tests/unit/inspect/test_b.c is missing",
        "src/inspect/inspectors.def:2: b: no target of tests/fuzz names b_inspector",
        "src/decode/decoders.def:1: ip: tests/unit/decode/test_ip.c is missing",
        "src/sink/sinks.def:2: redis: no test of tests/unit/sink names sink_redis",
    ]
    if found != expected:
        print("registry.py --self-test: expected", *expected, "found", *found, sep="\n  ")
        return 1
    return 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here))
    errors = list(check_tree(root))
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
