#!/usr/bin/env python3
"""An office, as a capture on standard output: people, servers and machines over days, and thefts if asked for.

usage: office.py [--hosts N] [--days D] [--seed S] [--theft NAME,...|all] [--list]
       office.py --hosts 50 --days 2 | exfild -r -

Heads only, but for DNS and the first bytes of a connection. No constant is shared with src/. Distributions, and where they are from:
  pages        2.2 MB each, lognormal, half a dozen connections (HTTP Archive, Web Almanac 2022: median desktop page 2.3 MB)
  reading      off-times Pareto, shape 1.4 (Barford and Crovella, SIGMETRICS 1998); begin and end of days normal around 9 and 17
  files        lognormal body, Pareto tail of shape 1.1 (Crovella and Bestavros, IEEE/ACM ToN 1997; Downey 2001)
  mail         size lognormal, median 20 kB; one in six with an attachment of median 300 kB (Bertolotti and Calzarossa 2001)
  names        popularity by Zipf, exponent 0.9 (Breslau et al., INFOCOM 1999; Jung et al., ToN 2002)
  meetings     1.2 Mbit/s of video each way (Microsoft, "Prepare your network for Teams"), 30 to 60 minutes
  background   updates, telemetry and agents by the clock with a few percent of jitter, as their makers document
"""
import argparse
import math
import random
import sys
import zlib

from wire import MOST, Wire, address, hello

START = 1796601600  # Monday, 2026-12-07, 00:00 UTC
DAY, HOUR = 86400, 3600
RESOLVER, FILES, MAIL, CI, WATCH, BACKUP, CAMERA_STORE = (address(f"10.20.0.{n}") for n in (2, 10, 11, 12, 13, 14, 15))

STARTTLS = [(1, b"220 mx ESMTP ready\r\n"), (0, b"EHLO mail.contoso.example\r\n"), (1, b"250-mx at your service\r\n250-SIZE 52428800\r\n250 STARTTLS\r\n"),
            (0, b"STARTTLS\r\n"), (1, b"220 2.0.0 Ready to start TLS\r\n")]

# SMB 2 NEGOTIATE for dialect 3.1.1 as a client begins (MS-SMB2 2.2.3), without contexts
NEGOTIATE = b"\0\0\0\x68\xfeSMB\x40\0" + b"\0" * 58 + b"\x24\0\2\0\1\0" + b"\0" * 30 + b"\2\2\x10\2"

POPULAR = ("www.google.com", "outlook.office365.com", "www.youtube.com", "www.wikipedia.org", "www.linkedin.com", "www.bbc.co.uk",
           "www.amazon.com", "www.reddit.com", "docs.google.com", "stackoverflow.com", "www.theguardian.com", "x.com")
TELEMETRY = (("v10.events.data.microsoft.com", 900, 6000), ("mobile.pipe.aria.microsoft.com", 600, 3000), ("incoming.telemetry.mozilla.org", 5400, 9000),
             ("clients4.google.com", 1800, 1500), ("ocsp.digicert.com", 7200, 600), ("safebrowsing.googleapis.com", 1800, 1200))


class Office:
    def __init__(self, out, hosts, days, seed):
        self.rng = random.Random(seed)
        self.wire = Wire(out, self.rng)
        self.days, self.people = days, [address(f"10.20.{1 + i // 200}.{1 + i % 200}") for i in range(hosts)]
        self.printers = [address(f"10.20.100.{1 + i}") for i in range(max(1, hosts // 40))]
        self.cameras = [address(f"10.20.101.{1 + i}") for i in range(max(1, hosts // 50))]
        self.servers = [address(f"10.20.0.{20 + i}") for i in range(max(2, hosts // 50))]
        # sites that no list knows: small shops, customers, news of the region
        self.sites = [f"www.{self.word(5, 11)}.{self.rng.choice(('com', 'org', 'net', 'de', 'co.uk', 'io'))}" for _ in range(300 + hosts)]
        self.weights = [1 / (i + 1) ** 0.9 for i in range(len(self.sites))]
        self.ads = [f"{self.word(3, 6)}.{self.word(5, 9)}{self.rng.randrange(99)}.{self.rng.choice(('com', 'net', 'io'))}" for _ in range(150)]
        self.cdn = [f"d{self.rng.getrandbits(56):x}.cloudfront.net" for _ in range(120)] + [f"{self.word(4, 8)}.akamaized.net" for _ in range(60)]
        self.weird = [self.rng.random() for _ in self.people]  # a trait of each: who syncs photos, who meets much
        self.known = {}  # (client, name): when it was asked last
        self.plans = []

    def word(self, low, high):
        return "".join(self.rng.choice("bcdfghklmnprstvw" if i % 2 else "aeiou") for i in range(self.rng.randint(low, high)))

    def where(self, name):
        """Always the same public address for a name; parts of a large service lie together."""
        h = zlib.crc32(name.encode())
        return bytes((20 + h % 160, h >> 8 & 255, h >> 16 & 255, 1 + (h >> 24) % 250))

    def lognormal(self, median, sigma):
        return median * math.exp(self.rng.gauss(0, sigma))

    def size(self, median, sigma=1.2, tail=0.05, most=5e8):
        if self.rng.random() < tail:
            return int(min(most, median * 5 * self.rng.paretovariate(1.1)))
        return int(min(most, self.lognormal(median, sigma)))

    def ask(self, now, client, name):
        last = self.known.get((client, name), 0)
        if now - last > self.rng.uniform(300, 3600) or now < last:
            self.known[client, name] = now
            self.wire.dns(now - 0.03, client, RESOLVER, name, self.where(name))
            if self.rng.random() < 0.3:  # the resolver's own question, where its cache has none
                self.wire.dns(now - 0.025, RESOLVER, address("198.41.0.4"), name, self.where(name))
        return self.where(name)

    def https(self, now, client, name, up, down, duration=None, pieces=1):
        server = self.ask(now, client, name)
        duration = duration or 0.3 + (up + down) / 2.5e6
        self.wire.tcp(now, client, server, 443, int(up) + 700, int(down) + 3500, duration, hello(name, self.rng), pieces=pieces)

    # ---- people ----

    def page(self, now, client):
        r = self.rng
        name = r.choice(POPULAR) if r.random() < 0.45 else r.choices(self.sites, self.weights)[0]
        size = self.size(2.2e6, 0.9, 0.02, 6e7)
        parts = [name] + [r.choice(self.cdn) for _ in range(r.randint(1, 3))] + [r.choice(self.ads) for _ in range(r.randint(0, 3))]
        for i, part in enumerate(parts):
            share = size * (0.5 if i == 0 else 0.5 / len(parts))
            self.https(now + i * 0.15, client, part, self.lognormal(1800, 0.6), share, r.uniform(2, 60), r.randint(1, 3))
        if r.random() < 0.01:  # a form with a picture or a document
            self.https(now + 20, client, name, self.size(400e3, 1, 0.05, 6e6), 30000)

    def session(self, now, client):
        for _ in range(1 + int(self.rng.expovariate(1 / 5))):
            self.page(now, client)
            now += min(1200, 8 * self.rng.paretovariate(1.4))

    def mail(self, now, client):
        r = self.rng
        self.https(now, client, "outlook.office365.com", self.size(300e3, 1.2, 0.02, 2e7) if r.random() < 1 / 6 else self.size(20e3, 1), 20000)

    def meeting(self, now, client):
        r, minutes = self.rng, self.rng.choice((30, 30, 45, 60))
        server = self.ask(now, client, "worldaz.tr.teams.microsoft.com")
        rate = r.uniform(0.3, 1.6) * 1e6 / 8
        up, down = rate * minutes * 60, rate * r.uniform(0.9, 1.5) * minutes * 60
        self.wire.stream(now, client, r.randrange(50000, 50060), server, 3479, int(up), int(down), minutes * 60, int(max(up, down) / MOST) + 2)

    def files(self, now, client):
        """Documents of the file server; some are sent on: to a customer by mail or to the company's cloud."""
        r, size = self.rng, self.size(800e3, 1.5, 0.05, 3e8)
        self.wire.tcp(now, client, FILES, 445, 4000 + size // 60, size, 1 + size / 2e7, NEGOTIATE)
        if r.random() < 0.06:
            self.https(now + r.uniform(60, 3000), client, "contoso-my.sharepoint.com", min(size, 4e7) * r.uniform(0.3, 1), 20000)

    def person(self, day, index):
        r, client, trait = self.rng, self.people[index], self.weird[index]
        is_weekend = (day % 7) >= 5
        if r.random() < (0.94 if is_weekend else 0.07):
            return
        begin, end = (r.gauss(9, 0.7) * HOUR, r.gauss(17.2, 0.8) * HOUR)
        base = START + day * DAY
        def times(rate):
            at = begin + r.expovariate(rate / HOUR)
            while at < end:
                yield base + at
                at += r.expovariate(rate / HOUR)
        for act, rate in ((self.session, 1.6), (self.mail, 2.0), (self.files, 1.5), (self.meeting, 0.08 if trait > 0.3 else 0.01)):
            self.plans += [(at, act, client) for at in times(rate)]
        self.plans.append((base + begin, self.background, client, end - begin, trait))

    def background(self, now, client, length, trait):
        r = self.rng
        for name, period, up in TELEMETRY:
            at = now + r.uniform(0, period)
            while at < now + length:
                self.https(at, client, name, self.lognormal(up, 0.3), 1500, 0.5)
                at += period * r.uniform(0.95, 1.1)
        at = now
        while at < now + length:  # a chat that keeps one connection, and asks again when it is lost
            stay = min(r.uniform(1800, 4 * HOUR), now + length - at)
            self.https(at, client, "wss-primary.slack.com", 300 * stay / 30, 500 * stay / 30, stay, max(2, int(stay / 120)))
            at += stay + 2
        if r.random() < 0.2:  # updates by delivery networks
            self.https(now + r.uniform(60, 3000), client, "tlu.dl.delivery.mp.microsoft.com", 30000, self.size(60e6, 1, 0.1, 1e9), 120, 8)
        if trait < 0.10 and r.random() < 0.6:  # a phone's photographs, in one go
            for _ in range(r.randint(3, 12)):
                self.https(now + r.uniform(0, length), client, "p63-content.icloud.com", self.lognormal(3e6, 0.4), 4000)
        if 0.1 < trait < 0.3:  # a synchronised folder of the company
            for _ in range(r.randint(1, 8)):
                self.https(now + r.uniform(0, length), client, "contoso-my.sharepoint.com", self.size(900e3, 1.3, 0.05, 3e7), 9000)

    # ---- machines ----

    def every(self, base, period, act, *args, jitter=0.03):
        at = base + self.rng.uniform(0, period)
        while at < base + DAY:
            self.plans.append((at, act) + args)
            at += period * self.rng.uniform(1 - jitter, 1 + jitter)

    def agent(self, now, server):
        self.https(now, server, "agent-http-intake.logs.datadoghq.com", self.lognormal(14000, 0.5), 600, 0.4)

    def poll(self, now):
        for i, host in enumerate(self.printers + self.servers):
            self.wire.udp(now + i * 0.01, WATCH, 40000 + i, host, 161, b"0&\2\1\1\4\6public\xa0\x19\2\4\1\1\1\1\2\1\0\2\1\0000\x0b0\t\6\5+\6\1\2\1\5\0")
            self.wire.udp(now + i * 0.01 + 0.002, host, 161, WATCH, 40000 + i, size=90)

    def build(self, now):
        r = self.rng
        self.https(now, CI, "github.com", 9000, self.size(4e6, 1), 8)
        self.https(now + 60, CI, "registry-1.docker.io", 20000, self.size(8e7, 0.8), 20, 3)
        if r.random() < 0.4:
            self.https(now + 300, CI, "ghcr.io", self.size(9e6, 0.7, 0.02, 6e7), 20000, 15, 2)

    def lookup(self, now):
        r = self.rng
        name = ".".join(str(r.randrange(1, 255)) for _ in range(4))
        for zone in ("zen.spamhaus.org", "bl.spamcop.net", "b.barracudacentral.org"):
            self.wire.dns(now, MAIL, RESOLVER, f"{name}.{zone}", b"\x7f\0\0\2" if r.random() < 0.4 else None)
            self.wire.dns(now + 0.005, RESOLVER, address("192.33.4.12"), f"{name}.{zone}", b"\x7f\0\0\2" if r.random() < 0.4 else None)

    def antivirus(self, now, client):
        name = f"4.1.{self.rng.getrandbits(120):x}.{self.rng.getrandbits(60):x}.i.03.s.sophosxl.net"
        self.wire.dns(now, client, RESOLVER, name, b"\x7f\0\0\1")

    def relay(self, now):
        r, name = self.rng, self.rng.choices(self.sites, self.weights)[0].replace("www.", "mx.")
        server = self.ask(now, MAIL, name)
        self.wire.tcp(now, MAIL, server, 25, self.size(30e3, 1.2, 0.03, 1.5e7), 900, 2,
                      talk=STARTTLS + [(0, hello(name, r))])
        if r.random() < 0.6:
            self.lookup(now)

    def nightly(self, now):
        for i, server in enumerate(self.servers + [FILES]):
            self.wire.tcp(now + i * 300, server, BACKUP, 9392, int(self.size(3e8, 0.6, 0, 2e9)), 2e5, 200, pieces=4)
        self.https(now + 2 * HOUR, BACKUP, "s3.eu-central-003.backblazeb2.com", self.lognormal(1.2e9, 0.25), 3e5, 3000, 8)

    def device(self, now, host, name):
        self.https(now, host, name, self.lognormal(3000, 0.4), 900, 0.5)

    def record(self, now, camera):
        self.wire.tcp(now, camera, CAMERA_STORE, 554, int(2.5e7), 40000, 590, b"OPTIONS rtsp://store RTSP/1.0\r\nCSeq: 1\r\n\r\n", pieces=5)

    def machines(self, day):
        base = START + day * DAY
        for server in self.servers:
            self.every(base, 60, self.agent, server, jitter=0.02)
        self.every(base, 300, self.poll)
        self.every(base, 2400, self.build, jitter=0.9)
        self.every(base, 400 if len(self.people) < 200 else 60, self.relay, jitter=0.9)
        for i, host in enumerate(self.printers):
            self.every(base, 6 * HOUR, self.device, host, f"{('h10141', 'ijsr', 'remote')[i % 3]}.{('www4.hp.com', 'canon.com', 'ricoh-europe.com')[i % 3]}")
        for camera in self.cameras:
            self.every(base, 600, self.record, camera)
            self.every(base, 1800, self.device, camera, "api.cloudcam-vendor.com")
        for client in self.people[::3]:
            self.every(base + 9 * HOUR, 1500, self.antivirus, client, jitter=0.9)
        self.plans.append((base + 1.5 * HOUR, self.nightly))

    def run(self, thefts):
        for day in range(self.days):
            for index in range(len(self.people)):
                self.person(day, index)
            self.machines(day)
            for theft in thefts:
                self.plans += theft(self, day)
            self.plans.sort(key=lambda x: x[0])
            base, at = START + day * DAY, 0
            for hour in range(24):
                end = base + (hour + 1) * HOUR
                while at < len(self.plans) and self.plans[at][0] < end:
                    plan = self.plans[at]
                    plan[1](plan[0], *plan[2:])
                    at += 1
                self.wire.flush(end - 60)
            self.plans = self.plans[at:]
        self.wire.flush(math.inf)
        self.wire.out.flush()


def main():
    import thefts
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--days", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--theft", default="")
    parser.add_argument("--list", action="store_true", help="the thefts by name")
    o = parser.parse_args()
    if o.list:
        print("\n".join(f"{name:10} {act.__doc__}" for name, (_, act) in thefts.ALL.items()))
        return
    office = Office(sys.stdout.buffer, o.hosts, o.days, o.seed)
    wanted = thefts.chosen(o.theft, o.days)
    office.run([thefts.ALL[name][1] for name in wanted])
    print(f"office.py: {office.wire.packets} packets, {office.wire.bytes / 1e9:.1f} GB on the wire, thefts: {', '.join(wanted) or 'none'}", file=sys.stderr)


if __name__ == "__main__":
    main()
