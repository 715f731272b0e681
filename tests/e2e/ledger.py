#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ledger of a live exfild, and exfilctl audit: alerts with the hash of their lines, configurations, acts of exfilctl, what was not seen;
whole after kill -9, and one altered byte, a record taken out or a file cut off is named. A dozen lines of Python check it as well."""
import hashlib
import json
import os
import re
import signal
import subprocess
import tempfile

import live_net
from live_evidence import alert_id, ask, frames_of, send, told
from live_net import Live, Nets

ROUNDS = 6


def audit(arguments, state, *words):
    return subprocess.run([arguments.exfilctl, "audit", *words, "--ledger", os.path.join(state, "ledger")], capture_output=True, text=True,
                          check=False, timeout=60)


def records(arguments, state, *words):
    done = audit(arguments, state, "list", "--last", "0", "--json", *words)
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_hand(folder):
    """The numbers of the records that are sound, without exfild."""
    before, numbers = "0" * 64, []
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".jsonl")):
        with open(os.path.join(folder, name), "rb") as stream:
            for line in stream.read().splitlines():
                body = re.fullmatch(rb'(\{"n":(\d+),.*,"prev":"([0-9a-f]{64})"),"hash":"([0-9a-f]{64})"\}', line)
                assert body and body.group(3).decode() == before and hashlib.sha256(body.group(1)).hexdigest() == body.group(4).decode()
                before = body.group(4).decode()
                numbers.append(int(body.group(2)))
    return numbers


def start(nets, arguments, state, config):
    return Live(nets, "b", arguments.exfild, "-i", "b0", "-c", config, "--inside", "10.0.0.0/8", "--state", state)


def write(path, text):
    with open(path, "w", encoding="ascii") as stream:
        stream.write(text)


def one_life(check, arguments, nets, state, config):
    """Alerts, acts, reloads and an end of capture."""
    write(config, "alerts: {merge: 1h}\n")
    with start(nets, arguments, state, config) as live:
        send(nets.sender("a", "a0"), frames_of("dns_iodine"))
        live.wait_for(lambda: alert_id(arguments, live), "the tunnel is told")
        name = alert_id(arguments, live)
        write(config, "alerts: {merge: 2h}\n")
        check(ask(arguments, live, "reload").returncode == 0, "it reads its configuration again")
        write(config, "alerts: {merge: never}\n")
        live.child.send_signal(signal.SIGHUP)
        live.wait_for(lambda: len(records(arguments, state, "--kind", "configuration")) == 2, "both reloads are in the ledger", 10)
        ask(arguments, live, "alerts", "snooze", name, "1h")
        ask(arguments, live, "alerts", "snooze", "ffffffff", "1h")
        write(config, "alerts: {merge: 2h}\n")
        live.wait_for(lambda: told(arguments, live, "status")["packets"] >= len(frames_of("dns_iodine")) // 2, "what capture has seen is counted", 10)
        os.kill(live.pids()["exfild-capture"], signal.SIGKILL)
        live.wait_for(lambda: live.err().count(": listening") > 1, "capture is back", 20)
        live.wait_for(lambda: any(a["rule"]["id"] == "sensor_process" for a in live.alerts()), "its end is told", 20)
        running = audit(arguments, state, "verify")
        check(running.returncode == 0, "the ledger of a running exfild is whole", running.stderr)
        check(live.stop() == 0, "it ends well", live.err()[-500:])
        with open(live.folder + "/out", "rb") as stream:
            lines = stream.read().splitlines()
    kept = records(arguments, state)
    kinds = [r["kind"] for r in kept]
    check(kinds[:2] == ["begin", "start"] and kinds[-1] == "stop" and kinds[-2] == "hour", "it begins and ends", str(kinds))
    alerts = [r for r in kept if r["kind"] == "alert"]
    check([hashlib.sha256(line).hexdigest() for line in lines] == [a["sha256"] for a in alerts] and alerts, "each alert is there, with the hash of its line")
    check([json.loads(line)["event"]["id"] for line in lines] == [a["event"] for a in alerts], "and its id")
    taken, refused = [r for r in kept if r["kind"] == "configuration"]
    first = next(r for r in kept if r["kind"] == "start")
    check(taken["taken"] and taken["changed"] == "alerts.merge" and taken["configuration"] != first["configuration"], "a reload", str(taken))
    check(not refused["taken"] and refused["configuration"] == taken["configuration"] and "merge" in refused["text"], "a refused one", str(refused))
    acts = [(a["command"], a["about"], a["done"], a["user"]) for a in kept if a["kind"] == "act"]
    check(acts == [("reload", "", True, 0), ("snooze", name, True, 0), ("snooze", "ffffffff", False, 0)], "acts, and by whom", str(acts))
    blind = [r for r in kept if r["kind"] == "blind"]
    check(sum(r["away_s"] for r in blind) >= 1, "that capture was away", str(blind))
    seen = sum(r["packets"] for r in kept if r["kind"] == "hour")
    check(seen >= len(frames_of("dns_iodine")) // 2, "what was seen", str([r for r in kept if r["kind"] == "hour"]))


def read(state):
    folder = os.path.join(state, "ledger")
    data = b""
    for name in sorted(n for n in os.listdir(folder) if n.endswith(".jsonl")):
        with open(os.path.join(folder, name), "rb") as stream:
            data += stream.read()
    return data


def kills(check, arguments, nets, state, config):
    """kill -9 to all processes while alerts are told, again and again."""
    sender = nets.sender("a", "a0")
    for n in range(ROUNDS):
        before = read(state)
        with start(nets, arguments, state, config) as live:
            send(sender, frames_of("dns_iodine")[:200 + 60 * n])
            live.close()
        done = audit(arguments, state, "verify")
        check(done.returncode == 0 and read(state).startswith(before), f"kill {n}: what was written stays, and is whole", done.stderr)
    starts = [r for r in records(arguments, state) if r["kind"] == "start"]
    check(len(starts) == ROUNDS + 1 and all("before" in s and s["away_s"] < 60 for s in starts[1:]), "each start says since when nobody watched",
          str(starts))
    numbers = by_hand(os.path.join(state, "ledger"))
    check(numbers == list(range(1, len(numbers) + 1)), "and a few lines of another program say the same")


def tampered(check, arguments, state):
    """What somebody might do to it."""
    folder = os.path.join(state, "ledger")
    name = sorted(n for n in os.listdir(folder) if n.endswith(".jsonl"))[-1]
    path = os.path.join(folder, name)
    newest = re.search(r"newest: (\d+:[0-9a-f]{64})", audit(arguments, state, "verify").stdout).group(1)
    check(audit(arguments, state, "verify", "--expect", newest).returncode == 0, "a noted record is there")
    with open(path, "rb") as stream:
        data = stream.read()
    lines = data.splitlines(keepends=True)
    third = lines[2]
    for what, changed, line in (("one altered letter", lines[:2] + [third.replace(b"kind", b"kinb")] + lines[3:], 3),
                                ("a record taken out", lines[:2] + lines[3:], 3), ("two exchanged", [lines[0], lines[2], lines[1]] + lines[3:], 2),
                                ("one doubled", lines[:3] + [third] + lines[3:], 4), ("one cut in the middle", lines[:2] + [third[:50] + b"\n"] + lines[3:], 3)):
        with open(path, "wb") as stream:
            stream.write(b"".join(changed))
        done = audit(arguments, state, "verify")
        check(done.returncode == 3 and f"{name}:{line}: record {line}: " in done.stderr, f"{what} is named", done.stderr)
        as_json = json.loads(audit(arguments, state, "verify", "--json").stdout)
        check(not as_json["whole"] and as_json["broken"]["line"] == line and as_json["last"] == line - 1, "in JSON too", str(as_json))
        check(audit(arguments, state, "list").returncode == 3, "and the list ends there")
    with open(path, "wb") as stream:
        stream.write(b"".join(lines[:-1]))
    check(audit(arguments, state, "verify").returncode == 0, "the newest records cut off cannot be seen by themselves")
    done = audit(arguments, state, "verify", "--expect", newest)
    check(done.returncode == 3 and "is not there" in done.stderr, "but by one that was noted", done.stderr)
    with open(path, "wb") as stream:
        stream.write(data)
    shown = audit(arguments, state, "list", "--kind", "alert").stdout
    check("dns_tunnel: " in shown and "\x1b" not in shown, "the list is for people", shown)
    for words, status, word in ((["verify", "--ledger", "/nowhere"], 1, "/nowhere"), (["look"], 2, "look"), (["verify", "--kind", "x"], 2, "--kind"),
                                (["list", "--expect", "1:" + "0" * 64], 2, "--expect"), (["verify", "--expect", "1:2"], 2, "NUMBER:HASH")):
        done = subprocess.run([arguments.exfilctl, "audit", *words], capture_output=True, text=True, check=False, timeout=60)
        check(done.returncode == status and word in done.stderr, f"audit {' '.join(words)[:40]}: status {status}", done.stderr)


def the_ledger(check, arguments):
    """A life, kills, and hands that alter it."""
    with Nets("a", "b") as nets, tempfile.TemporaryDirectory() as home:
        nets.link("a", "a0", "b", "b0")
        state, config = os.path.join(home, "state"), os.path.join(home, "exfild.yaml")
        one_life(check, arguments, nets, state, config)
        kills(check, arguments, nets, state, config)
        tampered(check, arguments, state)


if __name__ == "__main__":
    live_net.main(__doc__, [the_ledger])
