#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage.py --exfild PROGRAM --fill PROGRAM [--bench]: who used which service, and how much.

Numbers: for shipped replays and ten captures of the corpus, the bytes of each host of ours to and from each address
outside are those of tshark's packets (whose number is held against its conversation statistics), whatever the number of
workers; and the connections by TLS version and suite are tshark's. The database: kill -9 while it is written and a full
disk leave one whose sums agree; hundreds of questions are answered as by adding up its rows (usage_oracle.py); one of each
older form is converted and its copy kept. exfilctl
usage: names that are hostile are shown harmlessly in columns, CSV and JSON; wrong questions are said. --bench: 90 days of
10,000 hosts, and how much processor time each question (a second at most) and each report (two) takes."""
import collections
import concurrent.futures
import contextlib
import csv
import functools
import io
import ipaddress
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import harness
import usage_oracle

sys.path.insert(0, os.path.join(harness.SOURCE, "tests", "support"))
import usage_older  # noqa: E402  pylint: disable=wrong-import-position

REPLAYS = ("benign_browser", "benign_ftp", "admin_edges", "https_upload", "scp_upload", "dns_exfil_hex")
CAPTURES = 10
TLS_CAPTURES = ("cisco+joy/test/pcaps/tls10.pcap", "cisco+joy/test/pcaps/tls11.pcap", "cisco+joy/test/pcaps/openssl102n.pcap",
                "SecurityNik+SUWtHEh-/RSA_TLS1.0 - brief session.pcapng", "ntop+nDPI/tests/cfgs/default/pcap/imap-starttls.pcap",
                "ntop+nDPI/tests/cfgs/default/pcap/tls_1.2_unidirectional_client.pcapng", "ntop+nDPI/tests/cfgs/default/pcap/tls_1.3_unidirectional_client.pcapng")
TRIES = 3  # the machine has others to serve: the least of so many
LEAST, MOST = 40_000, 12_000_000  # bytes of a capture
HOSTILE = ("<script>alert(1)</script>", "=HYPERLINK(1)", 'quote"comma,', "\x1b[31mred", "\u202egpj.exe", "a" * 255, "\udcff\udcfe")


def is_ours(address):
    a = ipaddress.ip_address(address)
    if a.version == 4:
        return any(a in n for n in OURS4)
    return any(a in n for n in OURS6)


OURS4 = [ipaddress.ip_network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16")]
OURS6 = [ipaddress.ip_network(n) for n in ("fc00::/7", "fe80::/10", "::1/128")]


def is_everybody(address):
    a = ipaddress.ip_address(address)
    return a.is_multicast or a.is_unspecified or a.is_link_local or address == "255.255.255.255"


def tshark(capture, *arguments):
    result = subprocess.run(["tshark", "-n", "-r", capture, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return result.stdout.decode("utf-8", "replace") if result.returncode == 0 else None


@functools.lru_cache(maxsize=1)
def lines_of(capture):
    """Protocols, ends and lengths of each packet, or None."""
    text = tshark(capture, "-T", "fields", "-E", "separator=;", "-e", "frame.protocols", "-e", "ip.src", "-e", "ip.dst", "-e", "ip.len", "-e", "ipv6.src",
                  "-e", "ipv6.dst", "-e", "ipv6.plen", "-e", "ip.flags.mf", "-e", "ip.frag_offset", "-e", "frame.cap_len", "-e", "frame.len")
    return None if text is None else text.splitlines()


def packets_of(capture):
    """(source, destination, IP bytes) of each packet, or None where it is not plain IP over Ethernet."""
    lines, found = lines_of(capture), []
    if lines is None:
        return None
    for line in lines:
        protocols, s4, d4, n4, s6, d6, n6, more, offset, kept, whole = line.split(";")
        if "," in s4 + s6 + n4 + n6 or (s4 and s6):  # a tunnel, or what an ICMP error quotes
            if "icmp" not in protocols or (s4 and s6):
                return None
        if more not in ("", "0", "False") or offset not in ("", "0") or kept != whole:
            return None
        if s4:
            found.append((s4.split(",")[0], d4.split(",")[0], int(n4.split(",")[0])))
        elif s6:
            found.append((s6.split(",")[0], d6.split(",")[0], int(n6.split(",")[0] or 0) + 40))
    return found


def names_of(capture):
    """Of each address every name that anybody calls it by: SNI, Host, and answers of DNS with what led to them."""
    fields = ("ip.dst", "ipv6.dst", "tls.handshake.extensions_server_name", "http.host", "dns.qry.name", "dns.resp.name", "dns.cname", "dns.a", "dns.aaaa")
    names = collections.defaultdict(set)
    for line in (tshark(capture, "-T", "fields", "-E", "separator=;", "-E", "occurrence=a", *(x for f in fields for x in ("-e", f))) or "").splitlines():
        v4, v6, sni, host, asked, told, other, a, aaaa = (cell.lower().split(",") if cell else [] for cell in line.split(";"))
        for address in (v4 + v6)[:1]:
            names[address].update(n.split(":")[0].rstrip(".") for n in sni + host)
        for address in a + aaaa:
            names[address].update(n.rstrip(".") for n in asked + told + other)
    return names


LOOKS = {"wg": "wireguard", "openvpn": "openvpn", "bittorrent": "bittorrent", "bt-utp": "bittorrent", "tinc": "tinc"}


def looks_of(capture):
    """Of each pair of addresses the services that its packets look like, where neither a name nor an address tells one."""
    found = collections.defaultdict(set)
    for line in lines_of(capture):
        protocols, *cells = line.split(";")
        ends = [cell.split(",")[0] for cell in (cells[0], cells[1], cells[3], cells[4])]
        pair = frozenset(a for a in ends if a)
        found[pair].update(LOOKS[p] for p in protocols.split(":") if p in LOOKS)
    return found


WEAK = (("NULL|SHA256_SHA256|SHA384_SHA384", "no encryption"), ("anon", "no authentication"), ("EXPORT", "export keys"), ("WITH_DES_|DES40|DES_CBC_40", "DES"),
        ("RC4", "RC4"), ("3DES", "3DES"), ("IDEA", "IDEA"))
VERSIONS = {0x300: "SSL 3.0", 0x301: "TLS 1.0", 0x302: "TLS 1.1", 0x303: "TLS 1.2", 0x304: "TLS 1.3"}


@functools.cache
def suite_names():
    """{number: name} as tshark knows them."""
    result = subprocess.run(["tshark", "-G", "values"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    lines = (line.split("\t") for line in result.stdout.decode("utf-8", "replace").splitlines())
    return {int(cells[2], 0): cells[-1] for cells in lines if len(cells) > 3 and cells[1] == "tls.handshake.ciphersuite"}


def flaw_of(name):
    return "" if "SCSV" in name else next((flaw for pattern, flaw in WEAK if re.search(pattern, name)), "")


def tls_words(version, flaw, is_offered):
    words = ("weak " if version < 0x303 or flaw else "") + VERSIONS[version] + (f", {flaw}" if flaw else "")
    return words + " offered" if is_offered else words


def tls_of(capture):
    """{stream: words} of each TCP stream with a hello, by its first server's, else its first client's; QUIC is TLS 1.3."""
    fields = ("tcp.stream", "udp.stream", "tls.handshake.type", "tls.handshake.version", "tls.handshake.extensions.supported_version", "tls.handshake.ciphersuite")
    names, streams = suite_names(), {}
    text = tshark(capture, "-Y", "(tcp && (tls.handshake.type == 1 || tls.handshake.type == 2)) || (quic && tls.handshake.type == 1)", "-T", "fields", "-E", "separator=;", "-E", "occurrence=a",
                  *(x for f in fields for x in ("-e", f)))
    for line in (text or "").splitlines():
        stream, quic, kinds, versions, supported, suites = (cell.split(",") for cell in line.split(";"))
        if quic[0]:
            streams["quic", quic[0]] = "TLS 1.3"
            continue
        kinds = [int(k) for k in kinds if k in ("1", "2")]
        extended = [v for v in (int(v, 0) for v in supported if v) if v in VERSIONS]
        version = max(extended) if extended else int(versions[0], 0)
        is_server = kinds[0] == 2
        if version not in VERSIONS or (not is_server and stream[0] in streams) or (is_server and " offered" not in streams.get(stream[0], " offered")):
            continue
        flaw = flaw_of(names.get(int(suites[0], 0), "")) if is_server else ""
        streams[stream[0]] = tls_words(version, flaw, not is_server)
    return streams


class Catalogue:
    """data/services.yaml: the service of a name, or of an address."""

    def __init__(self):
        self.domains, self.prefixes = {}, []
        with open(os.path.join(harness.SOURCE, "data", "services.yaml"), encoding="utf-8") as f:
            entries = re.split(r"\n  - name: ", f.read())[1:]
        for entry in entries:
            name = entry.split(maxsplit=1)[0]
            for key, text in re.findall(r"\n    (domains|prefixes): \[(.*?)\]", entry, re.S):
                for item in (x.strip(" \n\"'") for x in text.split(",")):
                    if key == "domains":
                        self.domains[item] = name
                    elif item:
                        self.prefixes.append((ipaddress.ip_network(item), name))

    def of_name(self, name):
        labels = name.split(".")
        return next((self.domains[d] for d in (".".join(labels[i:]) for i in range(len(labels))) if d in self.domains), None)

    def of_address(self, address):
        a = ipaddress.ip_address(address)
        return {name for network, name in self.prefixes if network.version == a.version and a in network}


class Parts:
    """Addresses and services that stand for each other, however many each: what is joined is compared as one."""

    def __init__(self):
        self.above = {}

    def find(self, x):
        while self.above.setdefault(x, x) != x:
            x = self.above[x]
        return x

    def join(self, a, b):
        self.above[self.find(a)] = self.find(b)


def conversation_frames(capture):
    """Frames of tshark's own conversation statistics, both versions."""
    frames = 0
    for line in (tshark(capture, "-q", "-z", "conv,ip", "-z", "conv,ipv6") or "").splitlines():
        if "<->" in line:
            words = line.replace("bytes", "").replace("kB", "").replace("MB", "").split()
            frames += int(words[7])
    return frames


class Usage:
    def __init__(self, arguments):
        self.program, self.fill = arguments.exfild, arguments.fill
        self.ctl = os.path.join(os.path.dirname(arguments.exfild), "exfilctl")
        self.check = harness.Checks()
        self.temp = tempfile.mkdtemp(prefix="exfild-usage-")
        self.catalogue, self.parts, self.compared, self.tls_seen = Catalogue(), 0, 0, collections.Counter()

    def ask(self, database, *arguments):
        return harness.run(self.ctl, "usage", "--database", database, *arguments)

    def rows(self, database, *arguments):
        result = self.ask(database, "--json", "--top", "0", *arguments)
        if result.status != 0:
            self.check(False, f"exfilctl usage {arguments}", result.err)
            return []
        return json.loads(result.out)["rows"]

    def replay(self, capture, database, *arguments):
        for name in (database, database + "-wal", database + "-shm"):
            if os.path.exists(name):
                os.unlink(name)
        return harness.run(self.program, "-q", "-r", capture, "-o", "json", "--set", "usage.database=" + database, *arguments)

    def numbers(self, capture, name):
        """False: this capture cannot be compared."""
        packets = packets_of(capture)
        if not packets:
            return False
        database = os.path.join(self.temp, "one.db")
        result = self.replay(capture, database)
        if not self.check(result.status in (0, 3), f"{name}: is read", result.err):
            return True
        outside, all_bytes = collections.Counter(), 0
        for src, dst, size in packets:
            all_bytes += size
            if is_everybody(dst) or is_everybody(src):
                continue
            if is_ours(src) and not is_ours(dst):
                outside[src, "up"] += size
            elif is_ours(dst) and not is_ours(src):
                outside[dst, "down"] += size
        told = collections.Counter()
        for row in self.rows(database, "--by", "host,direction"):
            if row["direction"] in ("out", "in"):
                told[row["host"], "up"] += row["up"]
                told[row["host"], "down"] += row["down"]
        total = sum(row["up"] + row["down"] for row in self.rows(database, "--by", "service"))
        self.check(total == all_bytes, f"{name}: all bytes are those of tshark", f"{total}, tshark {all_bytes}")
        self.check(+told == +outside, f"{name}: bytes of each host to and from outside are those of tshark",
                   f"{+told - +outside} {+outside - +told}")
        self.services(capture, name, database, packets)
        self.by_service(capture, name, database, packets)
        self.tls(capture, name, database)
        frames = conversation_frames(capture)
        self.check(frames == len(packets), f"{name}: packets are those of the conversation statistics", f"{len(packets)}, {frames}")
        return True

    def by_service(self, capture, name, database, packets):
        """Of each host: what went to a service and came from it is what tshark saw between the host and the addresses that have its
        names. Services that share addresses are added up, and so are the addresses; who came in from outside is another question."""
        rows = self.rows(database, "--by", "host,service,direction")
        asked = {row["host"] for row in rows if row["direction"] == "in"}
        pairs = collections.defaultdict(lambda: [0, 0])
        for src, dst, size in packets:
            for host, peer, way in ((src, dst, 0), (dst, src, 1)):
                if is_ours(host) and not is_ours(peer) and not is_everybody(peer) and not is_everybody(host) and host not in asked:
                    pairs[host, peer][way] += size
        told = collections.defaultdict(lambda: [0, 0])
        for row in rows:
            if row["direction"] == "out" and row["host"] not in asked:
                told[row["host"], row["service"]][0] += row["up"]
                told[row["host"], row["service"]][1] += row["down"]
        parts, names, looks = Parts(), names_of(capture), looks_of(capture)
        for host, peer in pairs:
            services = {peer} | self.catalogue.of_address(peer) | looks[frozenset((host, peer))]
            for called in names[peer]:
                known = self.catalogue.of_name(called)
                services |= {known} if known else {s for h, s in told if h == host and (called == s or called.endswith("." + s))}
            for service in services:
                if (host, service) in told:
                    parts.join(("address", host, peer), ("service", host, service))
        sums = collections.defaultdict(lambda: [[0, 0], [0, 0], ""])
        for kind, source in (("address", pairs), ("service", told)):
            for (host, what), (up, down) in source.items():
                part = sums[parts.find((kind, host, what))]
                part[kind == "service"][0] += up
                part[kind == "service"][1] += down
                part[2] += f" {what}"
        for by_address, by_service, what in sums.values():
            self.check(by_address == by_service, f"{name}: bytes up and down of a service are those of its addresses", f"{what}: tshark {by_address}, usage {by_service}")
        self.parts += len(sums)
        self.compared += sum(sum(s[1]) for s in sums.values())

    def services(self, capture, name, database, packets):
        """A service that is an address has the bytes of that address; and all workers count alike."""
        pairs = collections.Counter()
        for src, dst, size in packets:
            pairs[src, dst] += size
        for row in self.rows(database, "--by", "host,service", "--direction", "out"):
            try:
                ipaddress.ip_address(row["service"])
            except ValueError:
                continue
            whole = pairs[row["host"], row["service"]], pairs[row["service"], row["host"]]
            self.check(row["up"] <= whole[0] and row["down"] <= whole[1], f"{name}: {row['host']} to {row['service']}", f"{row} {whole}")
        one = self.ask(database, "--by", "hour,zone,host,service,direction", "--csv", "--top", "0", "--sort", "key").out
        self.replay(capture, database, "-j", "4")
        four = self.ask(database, "--by", "hour,zone,host,service,direction", "--csv", "--top", "0", "--sort", "key").out
        self.check(one == four, f"{name}: four workers count what one counts")

    def tls(self, capture, name, database):
        """Connections by what was agreed on, or offered where no answer is there, are those of tshark."""
        wanted = collections.Counter(tls_of(capture).values())
        told = collections.Counter({row["tls"]: row["flows"] for row in self.rows(database, "--by", "tls") if row["tls"]})
        self.check(told == wanted, f"{name}: connections by TLS are those of tshark", f"usage {dict(told - wanted)}, tshark {dict(wanted - told)}")
        self.tls_seen += wanted

    def compare(self):
        if not shutil.which("tshark"):
            print("no tshark: numbers are not compared")
            return
        for name in REPLAYS:
            path = os.path.join(harness.REPLAY, name, "input.pcap")
            if os.path.exists(path) and not self.numbers(path, name):
                print(f"{name}: not plain IP over Ethernet, not compared")
        corpus = os.path.join(os.environ.get("EXFILD_CORPUS") or os.path.join(harness.SOURCE, "..", "shared", "corpus"), "captures")
        if not os.path.isdir(corpus):
            print("no corpus: ten captures of it are not compared")
            return
        left = CAPTURES
        for folder, folders, names in os.walk(corpus):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                if left == 0 or not name.endswith((".pcap", ".pcapng")) or not LEAST < os.path.getsize(path) < MOST:
                    continue
                left -= self.numbers(path, os.path.relpath(path, corpus))
        self.check(left == 0, "ten captures of the corpus were compared", left)
        for name in TLS_CAPTURES:
            path, database = os.path.join(corpus, name), os.path.join(self.temp, "tls.db")
            if self.check(os.path.exists(path), f"{name} is in the corpus"):
                self.replay(path, database)
                self.tls(path, name, database)
        self.check(any(words.startswith("weak ") for words in self.tls_seen), "some of it was weak", self.tls_seen)
        self.check(self.parts >= 20, f"service by service: {self.parts} parts, {self.compared} bytes")
        print(f"service by service: {self.parts} parts, {self.compared} bytes; TLS: {dict(self.tls_seen)}")

    def suites(self):
        """Suites that are called weak are those whose names say so."""
        if not shutil.which("tshark"):
            return
        with open(os.path.join(harness.SOURCE, "src", "usage", "tls.c"), encoding="ascii") as stream:
            text = stream.read()
        lists = dict(re.findall(r"uint16_t (\w+)\[\] = \{(.*?)\}", text, re.S))
        ours = {int(n, 16): name for name, body in lists.items() for n in re.findall(r"0x[0-9a-f]{4}", body)}
        words = {"no_encryption": "no encryption", "no_authentication": "no authentication", "export_keys": "export keys", "des": "DES", "rc4": "RC4",
                 "triple_des": "3DES", "idea": "IDEA"}
        theirs = {number: flaw_of(name) for number, name in suite_names().items() if number < 0x10000 and flaw_of(name)}
        self.check(len(theirs) > 90 and {n: words[name] for n, name in ours.items()} == theirs, "weak suites are those that tshark names so",
                   f"{set(ours) ^ set(theirs)}")

    # --- the database ---------------------------------------------------------------------------

    def sums_agree(self, database, what):
        with contextlib.closing(sqlite3.connect(database)) as db:
            self.check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", f"{what}: the database is whole")
        rows = usage_oracle.Rows(database)
        sums = {"day and pack": rows.sum_of_days(), **rows.sums}
        self.check(len(set(sums.values())) == 1, f"{what}: the sums of all tables agree", sums)
        return sums["day_host"]

    def oracle(self):
        """Any question is answered as by going through all rows, of weeks and of hours, packed or not."""
        database = os.path.join(self.temp, "oracle.db")
        harness.run(self.fill, database, "20", "40", "24")
        rows, asked = usage_oracle.Rows(database), 0
        self.sums_agree(database, "a filled one")
        with contextlib.closing(sqlite3.connect(database)) as db:
            packed = db.execute("SELECT (SELECT count(*) FROM pack), (SELECT count(*) FROM pack_hour), (SELECT count(*) FROM week_host)").fetchone()
        self.check(all(packed) and rows.fresh, "there are packs, weeks, and rows that wait", (packed, rows.fresh))
        for by, filters, since, order, rising, top in usage_oracle.questions(rows, 400, 9):
            words = ["--by", ",".join(by), "--sort", order, "--top", top, *(["--reverse"] if rising else []),
                     *(["--since", usage_oracle.stamp(since)[:19] + "Z"] if since else [])]
            for dim, values in filters.items():
                for value in values:
                    words += [f"--{dim}", value]
            result = self.ask(database, "--json", *words)
            if not self.check(result.status == 0, f"asked {words}", result.err):
                continue
            told = [{k: usage_oracle.micros(v) if k in ("first", "last", "seen") else v for k, v in row.items()} for row in json.loads(result.out)["rows"]]
            wanted = rows.answer(by, filters, since, order, rising, top)
            asked += len(wanted) > 1
            self.check(told == wanted, f"answered {words}", f"{len(told)} of {len(wanted)}; first that differs: "
                       f"{next(((a, b) for a, b in zip(told, wanted) if a != b), None)}")
        self.check(asked > 200, "most questions have an answer of several rows", asked)

    def older(self):
        """A database of each older form answers as its rows add up: as it is, converted, and in the copy that is kept; and is written on."""
        names = {i: name for i, name, *_ in usage_older.SERVICES}
        for form in range(1, self.newest_format()):
            database = os.path.join(self.temp, f"older{form}.db")
            days = usage_older.make(form, database)
            wanted = collections.Counter()
            for (day, _, service, _, _), (counts, _) in days.items():
                wanted[names[service], usage_oracle.stamp(day * 86400)[:10]] += counts[0]
            questions = (("--by", "service,day"), ("--by", "host,service,country"), ("--by", "zone,category,direction"), ("--by", "hour,host", "--since", "5d"),
                         ("--by", "host", "--since", "2026-11-24T10:00:00Z"), ("--by", "service,sanction", "--until", "2026-11-27"), ("inventory", "services"))
            ask = lambda path: [self.rows(path, *words) for words in questions]
            before = ask(database)
            self.check({(r["service"], r["day"]): r["up"] for r in before[0]} == wanted, f"format {form} is read as it is", before[0][:3])
            result = harness.run(self.fill, database, "0", "1", "90")
            with contextlib.closing(sqlite3.connect(database)) as db:
                self.check(result.status == 0 and db.execute("PRAGMA user_version").fetchone()[0] == self.newest_format(), f"format {form} is converted", result.err)
            self.check(ask(database) == before, f"format {form} converted answers as it did")
            copy = database + ".older-1"
            self.check(os.stat(copy).st_mode & 0o777 == 0o600 and ask(copy) == before, f"format {form}: the copy is what it was")
            self.check(not os.path.exists(database + ".older-2"), f"format {form}: one copy")
            self.sums_agree(database, f"format {form} converted")
            harness.run(self.fill, database, "50", "10", "3")
            self.check(self.sums_agree(database, f"format {form} written on")[0] > sum(wanted.values()), f"format {form} is written on")

    def newest_format(self):
        with open(os.path.join(harness.SOURCE, "include", "exfild", "store", "usage.h"), encoding="ascii") as stream:
            return int(re.search(r"define USAGE_FORMAT +(\d+)", stream.read()).group(1))

    def killed(self):
        for number in range(5):
            database = os.path.join(self.temp, f"killed{number}.db")
            # few hosts, whose hours wait for the end of their day; many, that go into the tables at once
            child = subprocess.Popen([self.fill, database, ("100", "2000")[number % 2], "100", "90"], stdout=subprocess.DEVNULL)
            time.sleep(0.2 + 0.09 * number)
            child.send_signal(signal.SIGKILL)
            child.wait()
            self.sums_agree(database, f"kill -9 number {number}")
        result = harness.run(self.fill, database, "50", "10", "3")
        self.check(result.status == 0, "a database that a killed process left is written on", result.err)
        self.sums_agree(database, "after a kill")

    def full_disk(self):
        folder = os.path.join(self.temp, "small")
        os.mkdir(folder)
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "exfild-test", folder], check=False, stderr=subprocess.DEVNULL).returncode:
            print("no mount: a full disk is not tried")
            return
        try:
            database = os.path.join(folder, "usage.db")
            result = harness.run(self.fill, database, "2000", "100", "20")
            self.check(result.status == 1 and result.err.count("cannot be written") == 1, "a full disk is said, once", result.err)
            self.check(self.sums_agree(database, "a full disk")[0] > 0, "what was written before is there")
        finally:
            subprocess.run(["umount", folder], check=True)

    # --- the command line -----------------------------------------------------------------------

    def hostile(self):
        database = os.path.join(self.temp, "hostile.db")
        harness.run(self.fill, database, "3", "3", "3")
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
            for number, name in enumerate(HOSTILE):
                cell = name.encode("utf-8", "surrogateescape")
                db.execute("UPDATE host SET name = CAST(? AS TEXT), address = address || ? WHERE id = ?", (cell, f"#{number}", number + 1))
                db.execute("INSERT INTO service(id, name, title, category, tenant, sanction, first, last) VALUES(?, CAST(? AS TEXT), '', '', '', 0, 1, 1)",
                           (9000 + number, cell))
                db.execute("INSERT INTO day_service SELECT t, ?, zone, place, direction, up, down, clear, named, opaque, flows, alerts, verdicts, first, last, "
                           "score FROM day_service WHERE service < 9000 LIMIT 1", (9000 + number,))
                # and one of each that waits for its tables
                texts = (b"zone", cell + b"#", b"", cell, cell, cell, b"ai", cell, b"US", cell, b"")
                hour = 20785 * 24 + 9
                numbers = (hour, 0, 10, 20, 0, 30, 0, 1, 0, 0, hour * 3600 * 10**9 + 5000, 10**9, 0, 0, 1)
                db.execute("INSERT INTO fresh(count, data) VALUES(1, ?)", (b"".join(map(usage_older.number, numbers)) + b"".join(text + b"\0" for text in texts),))
        waiting = [row["host"] for row in self.rows(database, "--by", "host,service,as", "--tenant", "<script>*")]
        self.check(waiting == ["<script>alert(1)</script>#"], "rows that wait are among them", waiting)
        for form in ([], ["--csv"], ["--json"]):
            result = self.ask(database, "--by", "host,service,tenant,as", "--top", "0", *form)
            self.check(result.status == 0 and b"\x1b" not in result.out and b"\xe2\x80\xae" not in result.out, f"hosts and networks neither {form}", result.out[:400])
            result = self.ask(database, "--by", "service", "--top", "0", *form)
            bad = [b for b in result.out if (b < 32 and b != 10) or b == 127]
            self.check(result.status == 0 and not bad and b"\xe2\x80\xae" not in result.out, f"no control character and no mark of direction {form}", result.out[:400])
            result.out.decode("utf-8")
            if form == ["--json"]:
                names = [row["service"] for row in json.loads(result.out)["rows"]]
                self.check("<script>alert(1)</script>" in names, "JSON has the name as it was", names)
            if form == ["--csv"]:
                cells = [row[0] for row in csv.reader(io.StringIO(result.out.decode()))]
                self.check("'=HYPERLINK(1)" in cells and 'quote"comma,' in cells, "no cell is a formula", cells)
                self.check(len({len(row) for row in csv.reader(io.StringIO(result.out.decode()))}) == 1, "rows have as many cells as the head")

    def verdicts(self):
        """What policies decided stands beside the alerts that they decided on, by host and service."""
        database, policy = os.path.join(self.temp, "verdicts.db"), os.path.join(self.temp, "policy.yaml")
        with open(policy, "w", encoding="ascii") as stream:
            stream.write("title: tunnel\nname: tunnel\nlogsource: {product: exfild, category: alert}\ndetection: {s: {rule: dns_tunnel}, condition: s}\n"
                         "level: high\nexfild: {action: label}\n")
        result = self.replay(harness.capture_of("dns_exfil_hex"), database, "--set", f"policy.files=[{policy}]")
        told = [a for a in result.alerts() if a["exfild"].get("policy", {}).get("rule") == "tunnel"]
        self.check(told, "a policy decided", result.err)
        rows = self.rows(database, "--by", "host,service")
        ours = {}
        for alert in told:
            ours[alert["source"]["ip"]] = ours.get(alert["source"]["ip"], 0) + 1
        counted = {}
        for row in rows:
            if row["verdicts"]:
                counted[row["host"]] = counted.get(row["host"], 0) + row["verdicts"]
        self.check(counted == ours, "verdicts are counted by host", f"{counted} {ours}")

    def words(self):
        database = os.path.join(self.temp, "words.db")
        harness.run(self.fill, database, "40", "12", "40")
        whole = sum(row["up"] for row in self.rows(database, "--by", "day"))
        self.check(whole > 0 and len(self.rows(database, "--by", "day")) == 40, "forty days")
        self.check(len(self.rows(database, "--by", "day", "--since", "yesterday")) == 2, "since yesterday: two days")
        week = self.rows(database, "--by", "day", "--since", "2026-11-01", "--until", "2026-11-08")
        self.check([row["day"] for row in sorted(week, key=lambda r: r["day"])] == [f"2026-11-{d:02}" for d in range(1, 8)], "dates", week)
        by = {by: sum(row["up"] for row in self.rows(database, "--by", by)) for by in ("host", "service", "zone,category", "country", "host,service,day")}
        self.check(set(by.values()) == {whole}, "every grouping has the same sum", by)
        some = self.rows(database, "--by", "host", "--zone", "zone-1", "--zone", "zone-2", "--service", "!service-0.example")
        self.check(some and sum(row["up"] for row in some) < whole, "filters")
        result = self.ask(database, "--since", "7d", "--compare", "--by", "service", "--json")
        self.check(result.status == 0 and all("up_before" in row for row in json.loads(result.out)["rows"]), "two periods", result.err)
        now, before = ({row["service"]: row["up"] for row in self.rows(database, "--by", "service", *words)} for words in (["--since", "7d"], ["--since", "14d", "--until", "7d"]))
        self.check({row["service"]: (row["up"], row["up_before"]) for row in json.loads(result.out)["rows"]} ==
                   {name: (now.get(name, 0), before.get(name, 0)) for name in {**now, **before}}, "each beside what it was", result.out[:500])
        for name in ("services", "tenants", "destinations", "hosts", "risky-hosts", "new", "new-hosts", "shadow-it", "ai", "unencrypted", "weak-tls", "countries"):
            result = self.ask(database, "inventory", name)
            self.check(result.status == 0, f"inventory {name}", result.err)
        self.lists(database)
        ai = self.rows(database, "inventory", "ai")
        self.check(ai and all(row["service"].startswith("service-") for row in ai), "uploads to assistants", ai[:2])
        weak = self.rows(database, "inventory", "weak-tls")
        self.check(all(row["tls"].startswith("weak ") for row in weak), "weak TLS alone", weak[:2])
        risky = self.rows(database, "inventory", "risky-hosts")
        self.check(all(row["alerts"] and row["score"] for row in risky), "hosts with alerts alone", risky[:2])
        self.check(risky == sorted(risky, key=lambda r: -r["score"]), "the worst first", risky[:4])
        services = {row["service"]: row["risk"] for row in self.rows(database, "inventory", "services")}
        self.check(services.get("service-3.example") == "high" and services.get("service-1.example") == "low", "the risk of services", services)
        for wrong in (["--by", "colour"], ["--risk", "very"], ["--since", "soon"], ["--sort", "x"], ["--direction", "up"], ["inventory", "x"], ["--top", "many"], ["what"], ["--compare"]):
            result = self.ask(database, *wrong)
            self.check(result.status in (1, 2) and result.err.startswith("exfilctl: "), f"wrong: {wrong}", result.err)
        result = self.ask("/nonexistent/usage.db")
        self.check(result.status == 1 and "/nonexistent/usage.db" in result.err, "a database that is not there is said", result.err)

    def lists(self, database):
        """What an auditor's lists hold, where it is known what has to be in them."""
        altered = os.path.join(self.temp, "lists.db")
        shutil.copy(database, altered)
        seen = int(usage_oracle.micros("2026-11-28T10:00:00Z")) * 1000
        with contextlib.closing(sqlite3.connect(altered, isolation_level=None)) as db:
            db.execute("DELETE FROM fresh")
            db.execute("UPDATE service SET tenant = 'acme', sanction = 4 WHERE name = 'service-1.example'")
            db.execute("UPDATE service SET tenant = 'other', sanction = 1 WHERE name = 'service-2.example'")
            db.execute("UPDATE service SET first = ? WHERE name IN ('service-3.example', 'service-4.example')", (seen,))
            db.execute("UPDATE host SET first = ? WHERE address = '10.1.0.7'", (seen,))
        ask = {name: self.rows(altered, "inventory", name) for name in ("tenants", "new", "new-hosts", "shadow-it", "unencrypted", "countries", "weak-tls")}
        self.check({(r["service"], r["tenant"], r["sanction"]) for r in ask["tenants"]} == {("service-1.example", "acme", "sanctioned"), ("service-2.example", "other", "unsanctioned")},
                   "tenants of ours and of others", ask["tenants"])
        self.check({r["service"] for r in ask["new"]} == {"service-3.example", "service-4.example"}, "new services", ask["new"])
        self.check([r["host"] for r in ask["new-hosts"]] == ["10.1.0.7"], "new hosts", ask["new-hosts"])
        shadow = {r["service"] for r in self.rows(altered, "--by", "service,sanction,direction") if r["sanction"] == "unsanctioned" and r["direction"] == "out"}
        self.check(shadow and {r["service"] for r in ask["shadow-it"]} == shadow, "services that nobody sanctioned", ask["shadow-it"])
        clear = [r["clear"] for r in ask["unencrypted"]]
        self.check(ask["unencrypted"][0]["service"] == "service-3.example" and clear[0] > 0 and clear == sorted(clear, reverse=True), "unencrypted services", ask["unencrypted"][:2])
        pairs = {(r["country"], r["host"]): r["up"] for r in self.rows(altered, "--by", "country,host", "--direction", "out")}
        self.check(len(pairs) > 40 and {(r["country"], r["host"]): r["up"] for r in ask["countries"]} == pairs, "who talks to which country", len(pairs))

    def bench(self):
        database = os.path.join(self.temp, "large.db")
        began = time.monotonic()
        result = harness.run(self.fill, database, "10000", "500", "90", timeout=7200)
        print(f"made in {time.monotonic() - began:.0f} s: {result.out.decode().strip()}")
        self.ask_all(database)

    def ask_all(self, database):
        for words in ("", "--by host", "--by host --since 7d", "--by host,service", "--by host,service --since 7d", "--by category,direction", "--by day",
                      "--by hour --since 2d", "--by zone,category", "--by country,host", "--by service --host 10.1.3.17", "--by day,service --host 10.1.3.17",
                      "--by host --service service-7.example", "--by tenant,sanction", "--by service --since 30d --compare", "inventory new", "inventory ai",
                      "inventory shadow-it", "inventory hosts", "inventory countries"):
            result = min((self.ask(database, *words.split()) for _ in range(TRIES)), key=lambda r: r.processor_s)
            print(f"{result.processor_s:7.2f} s of a processor, {result.rss_kb / 1024:4.0f} MB  exfilctl usage {words}")
            self.check(result.status == 0 and result.processor_s < 1, f"under a second: {words}", f"{result.processor_s:.2f} s\n{result.err}")
        page = os.path.join(self.temp, "page.html")
        alerts = os.path.join(self.temp, "alerts.json")
        with open(alerts, "wb") as f:
            f.write(harness.run(self.program, "-q", "-r", harness.capture_of("dns_exfil_hex"), "-o", "json").out.replace(b"2026-11-23T", b"2026-11-29T"))
        for kind in ("daily", "weekly", "compliance", "incident"):
            result = harness.run(self.ctl, "report", "--kind", kind, "--file", alerts, "--usage", database, "-s", "/nonexistent/s", "-o", page,
                                 *(["--host", "10.1.3.17"] if kind == "incident" else []))
            print(f"{result.processor_s:7.2f} s of a processor, {result.rss_kb / 1024:4.0f} MB  exfilctl report --kind {kind}")
            self.check(result.status == 0 and result.processor_s < 2, f"under two seconds: a report of kind {kind}", f"{result.processor_s:.2f} s\n{result.err}")


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--fill", required=True)
    parser.add_argument("--bench", action="store_true")
    parser.add_argument("--ask", help="a database that --bench has left, or a copy of another one: only its questions")
    arguments = parser.parse_args()
    usage = Usage(arguments)
    try:
        if arguments.ask:
            usage.ask_all(arguments.ask)
        elif arguments.bench:
            usage.bench()
        else:
            # what waits for tshark goes beside what does not
            with concurrent.futures.ThreadPoolExecutor(1) as beside:
                compared = beside.submit(usage.compare)
                usage.suites()
                usage.killed()
                usage.full_disk()
                usage.oracle()
                usage.older()
                usage.hostile()
                usage.verdicts()
                usage.words()
                compared.result()
    finally:
        shutil.rmtree(usage.temp, ignore_errors=True)
    return usage.check.end()


if __name__ == "__main__":
    sys.exit(main())
