#!/usr/bin/env python3
"""How slow a theft by DNS may be and still be told: tables of real runs, and a picture.

usage: frontier.py --exfild PROGRAM [--svg OUT.svg]

A client asks for names that hold random bytes (base 32), at a rate in bytes a second over 1, 10 or 50 domains, with long or short
labels, for at most three days of packet time. A row tells what had left when the first alert of medium or above came.
For comparison: 0.7 B/s is what ibHH (Ozery, Nadler, Shabtai, NDSS 2024) reports, 4 kB a day what Paxson et al. (USENIX Security 2013) bound.
"""
import argparse
import base64
import json
import math
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from office import RESOLVER, START  # noqa: E402
from wire import Wire, address  # noqa: E402

LONGEST = 3 * 86400
RATES = (0.01, 0.05, 0.1, 0.7, 5, 100)
LABELS = {"long": 40, "short": 10}  # bytes a name


def capture(path, rate, domains, per_name):
    """Names until three days or 60 kB have gone."""
    rng = random.Random(11)
    with open(path, "wb") as out:
        wire, client, now, sent = Wire(out, rng), address("10.20.1.7"), float(START), 0
        names = [f"{rng.getrandbits(30):x}.{rng.choice(('com', 'net', 'org'))}" for _ in range(domains)]
        for name in ("www.example.org", "www.example.net"):  # the sensor sees a network, not a theft alone
            wire.dns(now, address("10.20.1.8"), RESOLVER, name, b"\x0a\0\0\1")
        while now < START + LONGEST and sent < 60000:
            text = base64.b32encode(rng.randbytes(per_name)).decode().lower().rstrip("=")
            labels = ".".join(text[i:i + 60] for i in range(0, len(text), 60))
            wire.dns(now, client, RESOLVER, f"{labels}.{names[rng.randrange(domains)]}", b"\x7f\0\0\1")
            sent += per_name
            now += per_name / rate * rng.uniform(0.7, 1.3)
        wire.flush(math.inf)


def first_alert(exfild, path):
    """Seconds since the begin, or None."""
    run = subprocess.run([exfild, "-q", "-o", "json", "--minimum", "medium", "-r", path], stdout=subprocess.PIPE, check=True)
    times = []
    for line in run.stdout.splitlines():
        alert = json.loads(line)
        if alert["source"]["ip"] == "10.20.1.7" and alert["event"]["severity"] >= 47:
            hours, minutes, seconds = alert["@timestamp"][11:19].split(":")
            days = int(alert["@timestamp"][8:10]) - 7
            times.append(days * 86400 + int(hours) * 3600 + int(minutes) * 60 + int(seconds))
    return min(times, default=None)


def words(seconds):
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def picture(path, rows):
    """Rate against time to detect, both by powers of ten."""
    def x(rate):
        return 60 + (math.log10(rate) + 2) * 110

    def y(seconds):
        return 260 - math.log10(max(seconds, 10) / 10) * 50
    with open(path, "w", encoding="utf-8") as f:
        f.write('<svg xmlns="http://www.w3.org/2000/svg" width="560" height="310" font-family="sans-serif" font-size="11">\n'
                '<rect width="560" height="310" fill="white"/>\n<text x="200" y="302">bytes a second</text>\n<text x="4" y="14">time to detect</text>\n')
        for rate in (0.01, 0.1, 1, 10, 100):
            f.write(f'<line x1="{x(rate):.0f}" y1="20" x2="{x(rate):.0f}" y2="262" stroke="#ddd"/><text x="{x(rate) - 10:.0f}" y="278">{rate:g}</text>\n')
        for text, seconds in (("10 s", 10), ("2 min", 120), ("1 h", 3600), ("1 d", 86400)):
            f.write(f'<line x1="60" y1="{y(seconds):.0f}" x2="540" y2="{y(seconds):.0f}" stroke="#ddd"/><text x="20" y="{y(seconds) + 4:.0f}">{text}</text>\n')
        f.write(f'<line x1="{x(0.7):.0f}" y1="20" x2="{x(0.7):.0f}" y2="262" stroke="#b33" stroke-dasharray="4"/><text x="{x(0.7) + 3:.0f}" y="32" fill="#b33">0.7 B/s</text>\n')
        for (domains, label), color in zip(sorted({(d, lab) for _, d, lab, _ in rows}), ("#036", "#06c", "#393", "#7b3", "#c60", "#fa3")):
            points = [(x(r), y(t)) for r, d, lab, t in rows if (d, lab) == (domains, label) and t is not None]
            f.write(f'<polyline fill="none" stroke="{color}" points="{" ".join(f"{a:.0f},{b:.0f}" for a, b in points)}"/>\n')
            if points:
                f.write(f'<text x="{points[0][0] + 4:.0f}" y="{points[0][1] - 3:.0f}" fill="{color}">{domains}, {label}</text>\n')
        f.write("</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exfild", required=True)
    parser.add_argument("--svg")
    o = parser.parse_args()
    rows = []
    print("| bytes a second | domains | labels | first alert after | sent by then |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "dns.pcap")
        for domains in (1, 10, 50):
            for label, per_name in LABELS.items():
                for rate in RATES:
                    capture(path, rate, domains, per_name)
                    t = first_alert(o.exfild, path)
                    rows.append((rate, domains, label, t))
                    print(f"| {rate:g} | {domains} | {label} | {'not in three days, or 60 kB' if t is None else words(t)} | "
                          f"{'' if t is None else f'{rate * t / 1000:.1f} kB'} |", flush=True)
    if o.svg:
        picture(o.svg, rows)


if __name__ == "__main__":
    main()
