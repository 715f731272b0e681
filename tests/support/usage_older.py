#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage_older.py FORMAT FILE: a usage database as versions before this one wrote it (formats 1 to 4), of known rows.

1: hours, days, weeks, days without services and without hosts; 2: weeks of these as well; 3: packs beside the rows of the
days; 4: risk, TLS and scores, the time first in every key, days that are over in packs alone."""
import collections
import contextlib
import os
import sqlite3
import sys

FILE_ID = 0x45784675
END_DAY, DAYS, HOURS_DAYS = 20786, 16, 8
COUNTS = ("up", "down", "clear", "named", "opaque", "flows", "alerts", "verdicts", "first", "last")
HOSTS = ((1, "zone-0", "10.1.0.1", "pc-1"), (2, "zone-1", "10.1.0.2", ""), (3, "zone-0", "2001:db8::3", "nas"))
SERVICES = ((1, "dropbox", "Dropbox", "storage", "", 1, 3), (2, "teams", "Teams", "office", "acme", 4, 1), (3, "a.example", "", "", "", 0, 0), (4, "chat", "Chat", "ai", "", 2, 2))
PLACES = ((1, "US", "AS64500 Example", "TLS 1.3"), (2, "DE", "", "weak TLS 1.0"))
ROW = collections.namedtuple("ROW", "t host service place direction counts score")


def rows():
    """Of each hour; what a host does in a day is spread over two of them."""
    for day in range(END_DAY - DAYS, END_DAY):
        for host, *_ in HOSTS:
            for service, *_ in SERVICES:
                for part in range(2 if (day + host) % 3 else 1):
                    hour = day * 24 + 8 + 3 * part + host
                    up = 1000 + (day * 31 + host * 977 + service * 7919 + part * 13) % 5003
                    ns = hour * 3600 * 10**9
                    counts = (up, 2 * up, 3 * up if service == 3 else 0, 0 if service == 3 else 3 * up, 0, 1 + part, int(service == 4 and day % 5 == 0), 0, ns + 5_000_000, ns + 1800 * 10**9)
                    yield ROW(hour, host, service, 1 + service % 2, service % 2 * (host % 2), counts, 60 if counts[6] else 0)


def added(groups):
    """Counters of rows with one key, added up."""
    sums = {}
    for key, counts, score in groups:
        old = sums.get(key)
        sums[key] = (counts, score) if not old else (tuple(a + b for a, b in zip(old[0][:8], counts[:8])) + (min(old[0][8], counts[8]), max(old[0][9], counts[9])), max(old[1], score))
    return sums


def number(n):
    out = b""
    while n >= 0x80:
        out, n = out + bytes([n & 0x7f | 0x80]), n >> 7
    return out + bytes([n])


def fold(n):
    return 2 * n if n >= 0 else -2 * n - 1


def pack(entries, begin_s):
    """Rows as (service, time, place, direction, counts, score), in their order: columns of numbers of 7 bits a byte."""
    columns, before = [], 0
    for service, at, place, direction, c, score in entries:
        first, last = c[8] // 1000, c[9] // 1000
        columns.append((service - before, at, place, direction, c[0], c[1], c[2], c[4], fold(c[0] + c[1] - c[2] - c[4] - c[3]), c[5], c[6], c[7], score, fold(first - begin_s * 1_000_000), fold(last - first)))
        before = service
    data = number(len(columns))
    for column in zip(*columns):
        body = b"".join(number(n) for n in column) if any(column) else b""
        data += number(len(body)) + body
    return data


def create(db, form):
    counts = ", ".join(f"{c} INTEGER" for c in COUNTS)
    score = ", score INTEGER DEFAULT 0" if form > 3 else ""
    every = "t INTEGER, host INTEGER, service INTEGER, place INTEGER, direction INTEGER"
    key = "t, host, service, place, direction"
    names = {"host": "host INTEGER, direction INTEGER", "service": "service INTEGER, zone INTEGER, place INTEGER, direction INTEGER"}
    for table in ("hour", "day"):
        db.execute(f"CREATE TABLE {table}({every}, {counts}{score}, PRIMARY KEY({key})) WITHOUT ROWID")
    for table in ["day_host", "day_service"] + ["week_host", "week_service"] * (form > 1):
        columns = names[table.split("_")[1]]
        order = columns.replace(" INTEGER", "")
        text = f"t INTEGER, {columns}, {counts}{score}, PRIMARY KEY(t, {order})" if form > 3 else f"{columns}, t INTEGER, {counts}, PRIMARY KEY({order}, t)"
        db.execute(f"CREATE TABLE {table}({text}) WITHOUT ROWID")
    if form < 4:
        db.execute(f"CREATE TABLE week(host INTEGER, service INTEGER, place INTEGER, direction INTEGER, t INTEGER, {counts}, PRIMARY KEY(host, service, place, direction, t)) WITHOUT ROWID")
    db.execute("CREATE TABLE zone(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)")
    db.execute("CREATE TABLE host(id INTEGER PRIMARY KEY, zone INTEGER NOT NULL, address TEXT NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL, first INTEGER NOT NULL, "
               "last INTEGER NOT NULL, UNIQUE(zone, address, user))")
    risk = ", risk INTEGER DEFAULT 0" if form > 3 else ""
    db.execute("CREATE TABLE service(id INTEGER PRIMARY KEY, name TEXT NOT NULL, title TEXT NOT NULL, category TEXT NOT NULL, tenant TEXT NOT NULL, sanction INTEGER NOT NULL, "
               f"first INTEGER NOT NULL, last INTEGER NOT NULL{risk}, UNIQUE(name, tenant))")
    tls = ("tls TEXT NOT NULL, ", ", tls") if form > 3 else ("", "")
    db.execute(f"CREATE TABLE place(id INTEGER PRIMARY KEY, country TEXT NOT NULL, network TEXT NOT NULL, {tls[0]}UNIQUE(country, network{tls[1]}))")
    if form > 2:
        db.execute("CREATE TABLE pack(id INTEGER PRIMARY KEY, data BLOB NOT NULL)")
    if form == 3:
        db.execute("CREATE TABLE packed(t INTEGER PRIMARY KEY)")
    if form > 3:
        db.execute("CREATE TABLE pack_hour(id INTEGER PRIMARY KEY, data BLOB NOT NULL)")
        db.execute("CREATE TABLE rolled(t INTEGER PRIMARY KEY)")
        db.execute("CREATE TABLE days(t INTEGER PRIMARY KEY)")


def put(db, table, columns, sums, form):
    columns += COUNTS + (("score",) if form > 3 else ())
    db.executemany(f"INSERT INTO {table}({', '.join(columns)}) VALUES({', '.join('?' * len(columns))})",
                   [key + counts + ((score,) if form > 3 else ()) for key, (counts, score) in sums.items()])


def put_packs(db, table, units, unit_s, kept):
    """Format 4: what is over, a host's in one entry."""
    packs = collections.defaultdict(list)
    for (t, host, service, place, direction), (counts, score) in kept.items():
        packs[host, t // units].append((service, t % units, place, direction, counts, score))
    for (host, age), entries in packs.items():
        db.execute(f"INSERT INTO {table} VALUES(?, ?)", (host << 16 | age, pack(sorted(entries), age * units * unit_s)))


def put_names(db, form, zones, seen):
    db.executemany("INSERT INTO zone(name, id) VALUES(?, ?)", zones.items())
    db.executemany("INSERT INTO host VALUES(?, ?, ?, '', ?, ?, ?)", [(i, zones[zone], address, name, *seen["host", i]) for i, zone, address, name in HOSTS])
    for i, name, title, category, tenant, sanction, risk in SERVICES:
        row = (i, name, title, category, tenant, sanction, *seen["service", i]) + ((risk,) if form > 3 else ())
        db.execute(f"INSERT INTO service VALUES({', '.join('?' * len(row))})", row)
    for i, country, network, tls in PLACES:
        row = (i, country, network) + ((tls,) if form > 3 else ())
        db.execute(f"INSERT INTO place VALUES({', '.join('?' * len(row))})", row)


def make(form, path):
    """Its rows by day."""
    hours, zones = list(rows()), {"zone-0": 1, "zone-1": 2}
    zone_of = {i: zones[zone] for i, zone, *_ in HOSTS}
    days = added(((r.t // 24, r.host, r.service, r.place, r.direction), r.counts, r.score) for r in hours)
    recent = added((tuple(r[:5]), r.counts, r.score) for r in hours if r.t // 24 >= END_DAY - HOURS_DAYS)
    seen = {}
    for r in hours:
        for name in (("host", r.host), ("service", r.service)):
            first, last = seen.get(name, (r.counts[8], r.counts[9]))
            seen[name] = min(first, r.counts[8]), max(last, r.counts[9])
    newest, monday = END_DAY - 1, (END_DAY - 1) // 7 * 7
    every = ("t", "host", "service", "place", "direction")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA page_size = 16384")
        db.execute(f"PRAGMA application_id = {FILE_ID}")
        db.execute(f"PRAGMA user_version = {form}")
        create(db, form)
        put_names(db, form, zones, seen)
        for unit, name in ((1, "day"), (7, "week"))[:1 if form == 1 else 2]:
            some = {k: v for k, v in days.items() if unit == 1 or form < 4 or k[0] < monday}
            put(db, name + "_host", ("t", "host", "direction"), added(((k[0] // unit, k[1], k[4]), *v) for k, v in some.items()), form)
            put(db, name + "_service", ("t", "service", "zone", "place", "direction"), added(((k[0] // unit, k[2], zone_of[k[1]], k[3], k[4]), *v) for k, v in some.items()), form)
        if form < 4:
            put(db, "hour", every, recent, form)
            put(db, "day", every, days, form)
            put(db, "week", every, added(((k[0] // 7, *k[1:]), *v) for k, v in days.items()), form)
        else:
            put(db, "hour", every, {k: v for k, v in recent.items() if k[0] // 24 == newest}, form)
            put(db, "day", every, {k: v for k, v in days.items() if k[0] == newest}, form)
            put_packs(db, "pack", 7, 86400, {k: v for k, v in days.items() if k[0] < newest})
            put_packs(db, "pack_hour", 24, 3600, {k: v for k, v in recent.items() if k[0] // 24 < newest})
            db.execute("INSERT INTO rolled VALUES(?)", (monday,))
            db.executemany("INSERT INTO days VALUES(?)", sorted({(k[0],) for k in days}))
        if form == 3:  # of weeks that were over, beside the rows
            put_packs(db, "pack", 7, 86400, {k: v for k, v in days.items() if k[0] < monday})
            db.executemany("INSERT INTO packed VALUES(?)", sorted({(k[0] // 7,) for k in days if k[0] < monday}))
        db.commit()
    os.chmod(path, 0o600)
    return days


if __name__ == "__main__":
    make(int(sys.argv[1]), sys.argv[2])
