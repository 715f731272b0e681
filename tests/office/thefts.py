#!/usr/bin/env python3
"""What is planted into the office: each a function of (office, day) that gives plans, with the day from which it can be told.

A theft takes one of the last hosts, so that who steals is known by its address.
"""
import math

from wire import address, hello

DAY, HOUR = 86400, 3600


def thief(office, n):
    return office.people[-1 - n]


def at(office, day, hour):
    import office as o
    return o.START + day * DAY + hour * HOUR


def upload(office, now, client, name, size, chunk=8e6, port=443):
    """As a browser or a tool sends it: in several connections."""
    server = office.ask(now, client, name)
    while size > 0:
        part = min(size, chunk)
        office.wire.tcp(now, client, server, port, int(part) + 900, 6000, 0.5 + part / 2e6, hello(name, office.rng))
        now += 1 + part / 2e6
        size -= part


def address_upload(office, now, client, server, size, port, first):
    office.wire.tcp(now, client, server, port, int(size), int(size / 300), size / 1e6, first, b"SSH-2.0-OpenSSH_9.2\r\n" if port == 22 else b"", pieces=4)


def drop(office, day):
    """30 MB to anonymous file sharing"""
    return [(at(office, day, 14), lambda now: upload(office, now, thief(office, 0), "transfer.sh", 30e6))] if day == office.days - 1 else []


def night(office, day):
    """80 MB to a name that no list knows, at three in the night"""
    return [(at(office, day, 3), lambda now: upload(office, now, thief(office, 1), "cdn.fileserve-eu.net", 80e6))] if day == office.days - 1 else []


def staged(office, day):
    """60 MB from the file server, 55 MB out an hour later"""
    import office as o

    def pull(now):
        office.wire.tcp(now, thief(office, 2), o.FILES, 445, 9e5, 60e6, 60, o.NEGOTIATE, pieces=3)
    if day != office.days - 1:
        return []
    return [(at(office, day, 11), pull), (at(office, day, 12), lambda now: upload(office, now, thief(office, 2), "upload.sharebox24.com", 55e6))]


def scp(office, day):
    """25 MB by scp to an address"""
    return [(at(office, day, 16), lambda now: address_upload(office, now, thief(office, 3), address("185.220.70.9"), 25e6, 22, b"SSH-2.0-OpenSSH_9.2\r\n"))] \
        if day == office.days - 1 else []


def tunnel(office, day):
    """40 kB in DNS names of one domain in half an hour"""
    def ask(now):
        for i in range(400):
            text = office.rng.randbytes(50).hex()
            office.wire.dns(now + i * 4.5, thief(office, 4), address("10.20.0.2"), f"{text[:50]}.{text[50:]}.t.zonedata.net", b"\x7f\0\0\1")
    return [(at(office, day, 10), ask)] if day == office.days - 1 else []


def beacon(office, day):
    """a beacon of a minute, jitter 20 %, to an address without a name, all day"""
    def call(now):
        for _ in range(500):
            office.wire.tcp(now, thief(office, 5), address("91.92.240.71"), 443, 420, 260, 0.3, b"")
            now += 60 * office.rng.uniform(0.8, 1.2)
    return [(at(office, day, 9), call)] if day == office.days - 1 else []


def mega(office, day):
    """400 MB to personal cloud storage"""
    return [(at(office, day, 15), lambda now: upload(office, now, thief(office, 6), "gfs270n101.userstorage.mega.co.nz", 400e6, 5e7))] if day == office.days - 1 else []


def spread(office, day):
    """six times 5 MB to six names that nobody used before"""
    def send(now):
        for i in range(6):
            upload(office, now + i * 600, thief(office, 7), f"in.{office.word(6, 9)}{i}.com", 5e6)
    return [(at(office, day, 13), send)] if day == office.days - 1 else []


def drip(office, day):
    """2 MB a day to one name, for ten days"""
    return [(at(office, day, 10.5), lambda now: upload(office, now, thief(office, 8), "sync.metricsnode.io", 2e6))] if day >= office.days - 10 else []


def printer(office, day):
    """3 MB sent by a printer to a name that it has not used before"""
    return [(at(office, day, 2), lambda now: upload(office, now, office.printers[0], "ftp.docuscan-cloud.net", 3e6))] if day == office.days - 1 else []


# name: (days that the office must last, function)
ALL = {"drop": (1, drop), "night": (1, night), "staged": (1, staged), "scp": (1, scp), "tunnel": (1, tunnel), "beacon": (1, beacon),
       "mega": (1, mega), "spread": (9, spread), "drip": (10, drip), "printer": (9, printer)}


def who(name, hosts):
    """The address of the thief, as office.py numbers its people."""
    if name == "printer":
        return "10.20.100.1"
    order = ("drop", "night", "staged", "scp", "tunnel", "beacon", "mega", "spread", "drip")
    i = hosts - 1 - order.index(name)
    return f"10.20.{1 + i // 200}.{1 + i % 200}"


def chosen(text, days):
    names = [name for name, (least, _) in ALL.items() if least <= days] if text == "all" else [x for x in text.split(",") if x]
    for name in names:
        if name not in ALL:
            raise SystemExit(f"office.py: no theft is called {name}: {', '.join(ALL)}")
    return names
