#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The packets behind a live alert: those before it, those of the next minute, of its two ends and no others; exfilctl
finds them, other tools read them, and they stay over a restart."""
import json
import os
import stat
import struct
import subprocess
import tempfile
import time

import harness
import live_net
from live_net import Live, Nets, ethernet, ipv4, udp

CLIENT, SERVER, OTHER = "10.20.1.10", "203.0.113.20", "10.20.1.11"
BETWEEN = {CLIENT, SERVER}
RAW = 101


def frames_of(scenario):
    """The frames of a shipped capture, a pcap of Ethernet in this machine's order."""
    with open(harness.capture_of(scenario), "rb") as stream:
        data = stream.read()
    frames, at = [], 24
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frames.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return frames


def packets_of(path, whole=None):
    """(addresses, comment) of each packet of a pcapng file that exfild wrote, and the remarks at the end; `whole` gets
    the packets, from their IP headers on."""
    packets, remarks, links, at = [], [], [], 0
    whole = [] if whole is None else whole
    with open(path, "rb") as stream:
        data = stream.read()
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        body = data[at + 8:at + size - 4]
        assert size >= 12 and at + size <= len(data) and struct.unpack_from("<I", data, at + size - 4)[0] == size, at
        if kind == 6:
            interface, caplen = struct.unpack_from("<I8xI", body)
            frame, options = body[20:20 + caplen], body[20 + (caplen + 3) // 4 * 4:]
            code, length = struct.unpack_from("<HH", options)
            at_ip = 0 if links[interface] == RAW else 14
            ends = {".".join(map(str, frame[at_ip + i:at_ip + i + 4])) for i in (12, 16)}
            whole.append(frame[at_ip:])
            packets.append((ends, options[4:4 + length].decode() if code == 1 else None))
        elif kind == 0x0A0D0D0A:
            links = []
        elif kind == 1:
            links.append(struct.unpack_from("<H", body)[0])
        elif kind == 5:
            code, length = struct.unpack_from("<HH", body, 12)
            remarks.append(body[16:16 + length].decode())
        at += size
    return packets, remarks


def ask(arguments, live, *words):
    return subprocess.run([arguments.exfilctl, "-s", live.control, *words], capture_output=True, text=True, check=False,
                          timeout=30)


def told(arguments, live, *words):
    answer = ask(arguments, live, "--json", *words)
    return json.loads(answer.stdout.splitlines()[0])["result"] if answer.returncode == 0 else {}


def alert_id(arguments, live):
    """Of the tunnel, or None."""
    for alert in told(arguments, live, "alerts")["alerts"]:
        if alert["rule"]["id"] == "dns_tunnel":
            return alert["exfild"]["alert_id"]
    return None


def start(nets, arguments, folder, workers, *more):
    return Live(nets, "b", arguments.exfild, "-i", "b0", "-j", str(workers), "--inside", "10.0.0.0/8", "--set",
                f"evidence.directory={folder}", *more)


def send(sender, frames):
    for n, frame in enumerate(frames):
        sender.send(frame)
        if n % 50 == 0:
            time.sleep(0.002)


def of_others(count):
    return [ethernet(ipv4(OTHER, SERVER, 17, udp(4000 + n, 53, b"z" * 60)), 0x800) for n in range(count)]


def later(count):
    return [ethernet(ipv4(CLIENT, SERVER, 17, udp(5000, 9999, b"later" * 200)), 0x800) for _ in range(count)]


def from_alert_to_file(check, arguments, nets, folder, workers):
    """The alert's id."""
    tunnel = frames_of("dns_iodine")
    say = f"-j {workers}: "
    sender = nets.sender("a", "a0")
    with start(nets, arguments, folder, workers) as live:
        send(sender, of_others(20))
        send(sender, tunnel)
        live.wait_for(lambda: alert_id(arguments, live), "the tunnel is told")
        name = alert_id(arguments, live)
        send(sender, later(200) + of_others(20))
        live.wait_for(lambda: told(arguments, live, "evidence", name).get("packets", 0) >= len(tunnel) // 2 + 200,
                      "its packets and those that follow are written")
        answer = told(arguments, live, "evidence", name)
        path = ask(arguments, live, "evidence", name).stdout.splitlines()
        check(path[0] == answer["path"] == os.path.join(folder, name + ".pcapng") and not answer["complete"],
              say + "exfilctl tells where", (path, answer))
        live.wait_for(lambda: told(arguments, live, "status")["evidence"]["alerts"] >= 1, "status tells that it is followed", 10)
        status = told(arguments, live, "status")["evidence"]
        check(status["kept"] and status["files"] >= 1 and status["bytes"] > 0, say + "status tells of it", status)
        listed = ask(arguments, live, "alerts").stdout
        check(f" [{name}]" in listed, say + "alerts are listed with their ids", listed)
        live.wait_for(lambda: "evidence_memory" in ask(arguments, live, "stats").stdout, "stats has its tables", 10)
        unknown = ask(arguments, live, "evidence", "0123abcd")
        check(unknown.returncode == 1 and "no packets of an alert" in unknown.stderr, say + "an unknown id is said", unknown)
        check(live.stop() == 0 and live.stop_seconds < 5, say + "it ends well", live.err()[-500:])
    packets, remarks = packets_of(answer["path"])
    check(len(packets) >= len(tunnel) // 2 + 200 and all(ends == BETWEEN for ends, _ in packets),
          say + "packets of the two ends, and only those", (len(packets), len(tunnel)))
    check(all(comment == name for _, comment in packets), say + "each names the alert")
    check(len(remarks) == 1 and f"exfild alert {name}: {len(packets)} packets" in remarks[0] and "ended early" in remarks[0],
          say + "the end says how complete it is", remarks)
    check(stat.S_IMODE(os.stat(answer["path"]).st_mode) == 0o600, say + "for its owner only")
    again = harness.run(arguments.exfild, "-r", answer["path"], "-q", "-o", "json", "--inside", "10.0.0.0/8")
    check(again.status == 0 and any(a["rule"]["id"] == "dns_tunnel" for a in again.alerts()),
          say + "the file alone shows the tunnel again", again.err[-300:])
    return name


def the_packets_behind(check, arguments):
    """Of one worker and of two; then a restart."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with tempfile.TemporaryDirectory() as home:
            for workers in (1, 2):
                folder = os.path.join(home, f"evidence{workers}")
                name = from_alert_to_file(check, arguments, nets, folder, workers)
            with start(nets, arguments, folder, 1) as live:
                answer = told(arguments, live, "evidence", name)
                check(answer.get("complete") and answer["bytes"] > 10000 and "packets" not in answer,
                      "after a restart it is still found", answer)


def in_pieces(frame, ident, size=64):
    """The fragments of an IPv4 packet, the last one first."""
    head, body = frame[14:34], frame[34:]
    pieces = []
    for at in range(0, len(body), size):
        more = 0x2000 if at + size < len(body) else 0
        piece = body[at:at + size]
        new = head[:2] + struct.pack("!HHH", 20 + len(piece), ident & 0xffff, more | at // 8) + head[8:10] + b"\0\0" + head[12:]
        new = new[:10] + struct.pack("!H", live_net.checksum(new)) + new[12:]
        pieces.append(frame[:14] + new + piece)
    return pieces[::-1]


def fragments(check, arguments):
    """A tunnel in fragments: what is kept of it are whole datagrams."""
    with Nets("a", "b") as nets, tempfile.TemporaryDirectory() as folder:
        nets.link("a", "a0", "b", "b0")
        tunnel = [f for f in frames_of("dns_iodine") if f[12:14] == b"\x08\x00" and f[14] == 0x45]
        sender = nets.sender("a", "a0")
        with start(nets, arguments, folder, 1) as live:
            send(sender, [piece for n, frame in enumerate(tunnel) for piece in in_pieces(frame, n)])
            live.wait_for(lambda: alert_id(arguments, live), "the tunnel is told")
            name = alert_id(arguments, live)
            live.wait_for(lambda: told(arguments, live, "evidence", name).get("packets", 0) >= len(tunnel) // 2, "its packets are written")
            check(live.stop() == 0, "it ends well", live.err()[-500:])
        kept = []
        packets_of(os.path.join(folder, name + ".pcapng"), kept)
        bodies = {frame[34:] for frame in tunnel}
        check(kept and all(struct.unpack_from("!H", k, 2)[0] == len(k) and k[20:] in bodies for k in kept),
              "datagrams as they were sent", (len(kept), [k[:40].hex() for k in kept if k[20:] not in bodies][:3]))


def none_are_kept(check, arguments):
    """kb_per_flow 0; a folder that cannot be made."""
    with Nets("a", "b") as nets:
        nets.link("a", "a0", "b", "b0")
        with tempfile.TemporaryDirectory() as home:
            folder = os.path.join(home, "evidence")
            with start(nets, arguments, folder, 1, "--set", "evidence.kb_per_flow=0") as live:
                send(nets.sender("a", "a0"), frames_of("dns_iodine"))
                live.wait_for(lambda: alert_id(arguments, live), "the tunnel is told")
                answer = ask(arguments, live, "evidence", alert_id(arguments, live))
                check(answer.returncode == 1 and "keeps no packets" in answer.stderr, "exfilctl says that none are kept", answer)
                check(live.stop() == 0 and not os.path.exists(folder), "nothing is written")
            with start(nets, arguments, os.path.join(home, "no", "where"), 1) as live:
                check("no packets are kept as evidence" in live.err() and "evidence.directory" in live.err(),
                      "a folder that cannot be made is said", live.err())
                live.wait_for(lambda: "folder cannot be used" in ask(arguments, live, "doctor").stdout, "doctor says it", 10)
                check(live.stop() == 0, "and it runs all the same", live.err()[-300:])


if __name__ == "__main__":
    live_net.main(__doc__, [the_packets_behind, none_are_kept, fragments])
