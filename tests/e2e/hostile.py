#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hostile.py --exfild PROGRAM: broken, strange and missing inputs end as promised.

Status 0 where an input can be read to its end, 3 where it cannot: then standard error names the file, the byte and the
reason, and what was readable has been analysed. Never a crash, never silence, never over ten seconds; an unreadable
input takes nothing from its neighbours. The files of tests/lab/make_hostile.py (bad_*: 3, odd_*: 0, any_*: either),
each also packed, by standard input and with two workers, and what a file system can add: folders, links, FIFOs."""
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile

import harness  # finds tests/lab
import make_hostile

SECONDS = 10
DAMAGE = re.compile(r"^error: capture: (.+): byte (\d+): (.{8,})$", re.MULTILINE)
GOOD = make_hostile.pcap(20)


class Tester:
    def __init__(self, program, temp):
        self.program, self.temp, self.check = program, temp, harness.Checks()
        self.slowest = (0.0, "")

    def path(self, name, data=None):
        path = os.path.join(self.temp, name)
        if data is not None:
            with open(path, "wb") as stream:
                stream.write(data)
        return path

    def run(self, what, *arguments, statuses=(0, 3), named=None, **options):
        """Checks what must hold for every input and gives the result. `named`: the path that must be complained of."""
        result = harness.run(self.program, *arguments, "-o", "json", timeout=3 * SECONDS, **options)
        check, said = self.check, DAMAGE.findall(result.err)
        check(not result.crashed(), f"{what}: does not crash", f"{result.crashed()}\n{result.err[:2000]}")
        check(result.seconds < SECONDS, f"{what}: ends within {SECONDS} s", f"{result.seconds:.1f} s")
        self.slowest = max(self.slowest, (result.seconds, what))
        check(result.status in statuses, f"{what}: status {result.status}, promised {' or '.join(map(str, statuses))}", result.err[:2000])
        check(result.summary(), f"{what}: ends with the summary", result.err[-2000:])
        check(bool(said) == (result.status == 3), f"{what}: status 3 and a reason with file and byte go together", result.err[:2000])
        if result.status == 3 and named:
            check(any(path == named for path, _, _ in said), f"{what}: the reason names {named}", result.err[:2000])
        check(all(len(line) < 1000 and line.isprintable() for line in result.err.splitlines()),
              f"{what}: standard error is printable lines", ascii(result.err[:2000]))
        result.damage = said
        return result

    def packets(self, result):
        found = result.summary()
        return int(found.group(2)) if found else -1


def promised(name):
    return {"bad": (3,), "odd": (0,), "any": (0, 3)}[name.split("_")[0]]


def two_workers(t, name, path, first, _):
    again = t.run(f"{name} -j 2", "-r", path, "-j", 2, statuses=promised(name), named=path)
    t.check((again.out, again.damage, t.packets(again)) == (first.out, first.damage, t.packets(first)), f"{name}: the same with -j 2")


def packed(t, name, _, first, data):
    if name.endswith((".gz", ".zst")):
        return
    result = t.run(f"{name}.gz", "-r", t.path(name + ".gz", gzip.compress(data, 1)), statuses=promised(name))
    t.check(t.packets(result) == t.packets(first), f"{name}: as many packets when packed", first.err + result.err)


def piped(t, name, _, first, data):
    result = t.run(f"{name} by standard input", "-r", "-", stdin=data, statuses=promised(name))
    t.check(t.packets(result) == t.packets(first), f"{name}: as many packets by standard input", first.err + result.err)


def with_a_neighbour(t, name, path, first, _):
    both = t.run(f"{name} and a good one", "-r", path, t.path("neighbour.pcap", GOOD), statuses=promised(name), named=path)
    t.check(t.packets(both) == t.packets(first) + 20, f"{name}: takes nothing from its neighbour", first.err + both.err)


WAYS = (two_workers, packed, piped, with_a_neighbour)


def lab_files(t):
    """Each file in all ways; with sanitizers, which start slowly, in one of them in turn: the release build has them all."""
    names = []
    t.path("neighbour.pcap", GOOD)
    for files in (make_hostile.pcap_files(), make_hostile.time_files(), make_hostile.pcapng_files(), make_hostile.other_files()):
        for name, data in files:
            names.append(name)
            path = t.path(name, data)
            first = t.run(name, "-r", path, statuses=promised(name), named=path)
            t.check(int(first.damage[0][1]) <= max(len(data), 1 << 20) if first.damage else True, f"{name}: the byte lies in the file", first.err)
            ways = WAYS[2:] if name.startswith("bad_empty") else WAYS
            for way in ways[len(names) % len(ways):][:1] if harness.sanitized(t.program) else ways:
                way(t, name, path, first, data)
    return names


def whole_folder(t, names):
    folder = t.path("folder")
    os.makedirs(os.path.join(folder, "deeper", "still"))
    for name in names:
        shutil.copy(t.path(name), folder)
    shutil.copy(t.path("neighbour.pcap"), os.path.join(folder, "deeper", "still", "good.pcap"))
    os.symlink(folder, os.path.join(folder, "deeper", "round"))
    os.symlink("nowhere", os.path.join(folder, "dangling.pcap"))
    os.mkfifo(os.path.join(folder, "fifo.pcap"))
    t.path("folder/README", b"not a capture\n")
    t.path("folder/notes.txt", b"")
    os.makedirs(os.path.join(folder, "empty"))
    result = t.run("a folder with all of them and junk", "-r", folder, statuses=(3,))
    complained = {path for path, _, _ in result.damage}
    for name in names:
        if name.startswith("bad_"):
            t.check(os.path.join(folder, name) in complained, f"a folder: {name} is complained of")
        if name.startswith("odd_"):
            t.check(os.path.join(folder, name) not in complained, f"a folder: {name} is not complained of")


def file_system(t):
    good, missing = t.path("good.pcap", GOOD), t.path("not-there.pcap")
    whole = t.run("a good file", "-r", good, statuses=(0,))
    t.check(t.packets(whole) == 20, "a good file: 20 packets", whole.err)
    t.run("a missing file", "-r", missing, statuses=(3,), named=missing)
    both = t.run("a missing file and a good one", "-r", missing, good, statuses=(3,), named=missing)
    t.check(t.packets(both) == 20, "a missing file does not keep the other one from being read", both.err)
    t.run("/dev/null", "-r", "/dev/null", statuses=(3,), named="/dev/null")
    t.run("/dev/zero", "-r", "/dev/zero", statuses=(3,), named="/dev/zero")
    t.run("empty standard input", "-r", "-", statuses=(3,))
    t.run("closed standard input", "-r", "-", statuses=(3,), stdin=None if not sys.stdin else subprocess.DEVNULL)
    empty = t.path("empty-folder")
    os.makedirs(empty)
    t.run("an empty folder", "-r", empty, statuses=(3,), named=empty)
    hidden = t.path("with space and 'quote' \u00e4.pcap", GOOD)
    t.run("a name with spaces, quotes and umlauts", "-r", hidden, statuses=(0,))
    strange = t.path("esc\x1b[31m\nnewline.pcap", b"nothing")
    t.run("a name with an escape and a newline", "-r", strange, statuses=(3,))
    loop = t.path("loop.pcap")
    os.symlink(loop, loop)
    t.run("a link to itself", "-r", loop, statuses=(3,), named=loop)
    t.run("a path through a file", "-r", os.path.join(good, "below"), statuses=(3,))
    t.run("a name of 800 bytes", "-r", "x" * 800, statuses=(3,))
    fifo = t.path("fifo")
    os.mkfifo(fifo)
    writer = subprocess.Popen([sys.executable, "-c", "import sys; open(sys.argv[1], 'wb').write(open(sys.argv[2], 'rb').read())", fifo, good])
    piped = t.run("a FIFO", "-r", fifo, statuses=(0,))
    writer.wait()
    t.check(t.packets(piped) == 20, "a FIFO: 20 packets", piped.err)
    unreadable(t)


def unreadable(t):
    path = t.path("unreadable.pcap", GOOD)
    os.chmod(path, 0)
    os.chmod(t.temp, 0o755)
    prefix = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            print("not tested: an unreadable file (root reads everything, and setpriv is missing)")
            return
        profile = os.path.join(t.temp, "profile")  # where a coverage build may write as that user
        os.mkdir(profile)
        os.chmod(profile, 0o777)
        prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--", "env", "GCOV_PREFIX=" + profile]
        if subprocess.run([*prefix, t.program, "-V"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
            print("not tested: an unreadable file (another user cannot start the program)")
            return
    program, t.program = t.program, prefix[0] if prefix else t.program
    t.run("a file without permission", *prefix[1:], *([program] if prefix else []), "-r", path, statuses=(3,), named=path)
    t.program = program


def cut_packed(t):
    """A real capture, packed and cut: everything before the cut is read, and the cut is said."""
    with open(harness.capture_of("dns_iodine"), "rb") as stream:
        plain = stream.read()
    forms = {"gz": gzip.compress(plain)}
    if shutil.which("zstd"):
        forms["zst"] = subprocess.run(["zstd", "-q", "-c"], input=plain, stdout=subprocess.PIPE, check=True).stdout
    whole = t.packets(t.run("the capture itself", "-r", harness.capture_of("dns_iodine"), statuses=(0,)))
    for form, data in forms.items():
        full = t.run(f"whole .{form}", "-r", t.path(f"whole.pcap.{form}", data), statuses=(0,))
        t.check(t.packets(full) == whole, f"whole .{form}: every packet", full.err)
        for size in (1, 5, 12, len(data) // 4, len(data) // 2, len(data) - 9, len(data) - 1):
            path = t.path(f"cut-{size}.pcap.{form}", data[:size])
            cut = t.run(f".{form} cut at byte {size} of {len(data)}", "-r", path, statuses=(3,), named=path)
            t.check(0 <= t.packets(cut) <= whole, f".{form} cut at byte {size}: some packets", cut.err)
            if form == "gz" and size == len(data) - 9:
                t.check(t.packets(cut) >= whole - 2, f".{form} cut at byte {size}: nearly all packets", cut.err)
        broken = bytearray(data)
        broken[len(data) // 2] ^= 0x55
        t.run(f".{form} with a flipped byte", "-r", t.path(f"flip.pcap.{form}", bytes(broken)), statuses=(3,))
        tail = t.run(f".{form} with a tail", "-r", t.path(f"tail.pcap.{form}", data + b"garbage behind the end"), statuses=(0, 3))
        t.check(t.packets(tail) == whole, f".{form} with a tail: every packet", tail.err)
        twice = t.run(f".{form} in two members", "-r", t.path(f"two.pcap.{form}", data + packed_again(form, plain[24:])), statuses=(0,))
        t.check(t.packets(twice) == 2 * whole, f".{form} in two members: both", twice.err)
    bomb = t.path("bomb.pcap.gz")
    with gzip.open(bomb, "wb", 9) as stream:
        stream.write(make_hostile.header())
        for _ in range(200):
            stream.write(make_hostile.record(make_hostile.T0, 0, bytes(60)) * 10_000)
    result = t.run("a packed file 1000 times its size", "-r", bomb, statuses=(0,))
    t.check(result.rss_kb < 300_000 or harness.sanitized(t.program), "a packed file 1000 times its size: memory stays", f"{result.rss_kb} kB")


def packed_again(form, data):
    return gzip.compress(data) if form == "gz" else subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def main():
    o = harness.parser(__doc__).parse_args()
    with tempfile.TemporaryDirectory() as temp:
        t = Tester(os.path.abspath(o.exfild), temp)
        names = lab_files(t)
        whole_folder(t, names)
        file_system(t)
        cut_packed(t)
        return t.check.end(f"the slowest took {t.slowest[0]:.2f} s: {t.slowest[1]}")


if __name__ == "__main__":
    sys.exit(main())
