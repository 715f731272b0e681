# SPDX-License-Identifier: MIT
"""The usage database read without exfild's own reader: rows from its tables and packs, and answers by adding them up one by one."""
import contextlib
import datetime
import random
import sqlite3

COUNTS = ("up", "down", "clear", "named", "opaque", "flows", "alerts", "verdicts", "score", "first", "last")
COLUMNS = ("service", "time", "place", "direction", "up", "down", "clear", "opaque", "named", "flows", "alerts", "verdicts", "score", "first", "last")
DIRECTIONS = ("out", "in", "lateral", "transit")
SANCTIONS = ("unknown", "unsanctioned", "tolerated", "unclear", "sanctioned")
RISKS = ("unknown", "low", "medium", "high")
DIMS = ("hour", "day", "zone", "host", "user", "service", "tenant", "category", "risk", "sanction", "country", "as", "tls", "direction")
DAY_S = 86400


def numbers(data):
    """All numbers of 7 bits a byte."""
    found, n, shift = [], 0, 0
    for byte in data:
        n |= (byte & 0x7f) << shift
        shift += 7
        if not byte & 0x80:
            found.append(n)
            n, shift = 0, 0
    return found


def unfold(n):
    return -(n >> 1) - 1 if n & 1 else n >> 1


def unpack(data, begin_s):
    """Rows of a pack as src/store/usage_packs.c has them."""
    def take(at):
        n, shift = 0, 0
        while True:
            byte = data[at]
            n |= (byte & 0x7f) << shift
            shift, at = shift + 7, at + 1
            if not byte & 0x80:
                return n, at
    count, at = take(0)
    columns = {}
    for name in COLUMNS:
        size, at = take(at)
        columns[name] = numbers(data[at:at + size]) if size else [0] * count
        at += size
    rows, service = [], 0
    for i in range(count):
        row = {name: columns[name][i] for name in COLUMNS}
        service += row["service"]
        row["service"] = service
        row["named"] = row["up"] + row["down"] - row["clear"] - row["opaque"] - unfold(row["named"])
        first = begin_s * 1_000_000 + unfold(row["first"])
        row["first"], row["last"] = first, first + unfold(row["last"])
        rows.append(row)
    return rows


def fresh_rows(data):
    """Rows that wait for their tables, as src/store/usage_pack.c has them: numbers, then texts."""
    at = 0
    while at < len(data):
        cells = []
        for _ in range(15):
            end = at
            while data[end] & 0x80:
                end += 1
            cells.append(numbers(data[at:end + 1])[0])
            at = end + 1
        texts = []
        for _ in range(11):
            end = data.index(0, at)
            texts.append(data[at:end].decode("utf-8", "surrogateescape"))
            at = end + 1
        hour, direction, up, down, clear, named, opaque, flows, alerts, verdicts, first, last, score, sanction, risk = cells
        zone, host, user, _, service, _, category, tenant, country, network, tls = texts
        yield {"zone": zone, "host": host, "user": user, "service": service, "tenant": tenant, "category": category, "risk": RISKS[risk], "sanction": SANCTIONS[sanction],
               "country": country, "as": network, "tls": tls, "direction": DIRECTIONS[direction], "at": hour * 3600, "up": up, "down": down, "clear": clear, "named": named,
               "opaque": opaque, "flows": flows, "alerts": alerts, "verdicts": verdicts, "score": score, "first": first // 1000, "last": (first + last) // 1000}


class Rows:
    """Every row of a database by hour (of the last eight days) and by day."""

    def __init__(self, path):
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.text_factory = lambda b: b.decode("utf-8", "surrogateescape")
            zones = dict(db.execute("SELECT id, name FROM zone"))
            self.hosts = {i: {"zone": zones[z], "host": a, "user": u, "seen": f // 1000} for i, z, a, u, f in
                          db.execute("SELECT id, zone, address, user, first FROM host")}
            self.services = {i: {"service": n, "tenant": t, "category": c, "risk": RISKS[r], "sanction": SANCTIONS[s], "seen": f // 1000} for i, n, t, c, r, s, f
                             in db.execute("SELECT id, name, tenant, category, risk, sanction, first FROM service")}
            self.places = {i: {"country": c, "as": n, "tls": t} for i, c, n, t in db.execute("SELECT id, country, network, tls FROM place")}
            self.hours = list(self.read(db, "hour", "pack_hour", 24, 3600))
            self.days = list(self.read(db, "day", "pack", 7, DAY_S))
            fresh = [row for data, in db.execute("SELECT CAST(data AS BLOB) FROM fresh ORDER BY id") for row in fresh_rows(data)]
            self.sums = {t: db.execute(f"SELECT total(up), total(down), total(flows) FROM {t}").fetchone() for t in ("day_host", "day_service")}
        self.fresh = len(fresh)
        self.add_fresh(fresh)

    def add_fresh(self, fresh):
        """To hours and days alike; a name was first seen in whatever of it came first."""
        seen = {}
        for kind, names, known in (("host", ("zone", "host", "user"), self.hosts), ("service", ("service", "tenant"), self.services)):
            for name in known.values():
                seen[kind, *(name[k] for k in names)] = name["seen"]
            for row in fresh:
                key = kind, *(row[k] for k in names)
                seen[key] = min(seen.get(key, row["first"]), row["first"])
        for row in fresh:
            hour = f"{stamp(row['at'])[:10]} {stamp(row['at'])[11:16]}"
            row.update(hour=hour, day=hour[:10], host_seen=seen["host", row["zone"], row["host"], row["user"]], service_seen=seen["service", row["service"], row["tenant"]])
            self.hours.append(row)
            self.days.append({**row, "at": row["at"] // DAY_S * DAY_S})
            for name in self.sums:
                self.sums[name] = tuple(a + row[k] for a, k in zip(self.sums[name], ("up", "down", "flows")))

    def read(self, db, table, packs, units, unit_s):
        names = ", ".join(COUNTS)
        for t, host, service, place, direction, *counts in db.execute(f"SELECT t, host, service, place, direction, {names} FROM {table}"):
            row = dict(zip(COUNTS, counts))
            row["first"], row["last"] = row["first"] // 1000, row["last"] // 1000
            yield self.named(row, t * unit_s, host, service, place, direction)
        for key, data in db.execute(f"SELECT id, data FROM {packs}"):
            host, age = key >> 16, key & 0xffff
            for row in unpack(data, age * units * unit_s):
                at = (age * units + row.pop("time")) * unit_s
                yield self.named(row, at, host, row.pop("service"), row.pop("place"), row.pop("direction"))

    def named(self, row, at, host, service, place, direction):
        hour = f"{stamp(at)[:10]} {stamp(at)[11:16]}"
        row.update(self.hosts[host], **{k: v for k, v in self.services[service].items() if k != "seen"}, **self.places[place])
        row.update(direction=DIRECTIONS[direction], at=at, hour=hour, day=hour[:10], host_seen=self.hosts[host]["seen"],
                   service_seen=self.services[service]["seen"])
        return row

    def sum_of_days(self):
        return tuple(float(sum(row[k] for row in self.days)) for k in ("up", "down", "flows"))

    def answer(self, by, filters, since, order, rising, top):
        """What exfilctl usage has to say."""
        groups = {}
        for row in self.hours if since % DAY_S or "hour" in by else self.days:
            if row["at"] < since or not all(passes(row, dim, values) for dim, values in filters.items()):
                continue
            add(groups, tuple(row[dim] for dim in by), row, by)
        rows = [dict(zip(by, key), **counts) for key, counts in groups.items()]
        rows.sort(key=lambda r: tuple(rank(dim, r[dim]) for dim in by), reverse=order == "key" and rising)
        if order != "key":
            rows.sort(key=lambda r: r["up"] + r["down"] if order == "both" else r[order], reverse=not rising)
        return rows[:top] if top else rows


def stamp(at):
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat()


def micros(text):
    """Of "2026-11-23T19:00:00.000000Z"."""
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)
    return at // datetime.timedelta(microseconds=1)


def rank(dim, value):
    words = {"direction": DIRECTIONS, "sanction": SANCTIONS, "risk": RISKS}.get(dim)
    return words.index(value) if words else value.encode("utf-8", "surrogateescape")


def fits(value, wanted):
    return value.startswith(wanted[:-1]) if wanted.endswith("*") else value == wanted


def passes(row, dim, values):
    wanted = [v for v in values if not v.startswith("!")]
    unwanted = [v[1:] for v in values if v.startswith("!")]
    return (not wanted or any(fits(row[dim], v) for v in wanted)) and not any(fits(row[dim], v) for v in unwanted)


def add(groups, key, row, by):
    seen = row["service_seen"] if set(by) & {"service", "tenant", "category", "risk", "sanction"} else \
        row["host_seen"] if set(by) & {"host", "user"} else row["first"]
    g = groups.setdefault(key, dict.fromkeys(COUNTS, 0) | {"first": row["first"], "last": 0, "seen": seen})
    for name in COUNTS[:8]:
        g[name] += row[name]
    g["score"], g["last"] = max(g["score"], row["score"]), max(g["last"], row["last"])
    g["first"], g["seen"] = min(g["first"], row["first"]), min(g["seen"], seen)


def questions(rows, count, seed):
    """Any groupings, filters, ranges and orders, the same each time."""
    chance = random.Random(seed)
    dims = [d for d in DIMS if d != "user"]
    for _ in range(count):
        chosen = chance.sample(dims, chance.choice((1, 1, 2, 2, 3, 4)))
        by = [d for d in DIMS if d in chosen]
        filters = {}
        for dim in chance.sample([d for d in dims if d not in ("hour", "day")], chance.choice((0, 0, 1, 2))):
            value = chance.choice(rows.days)[dim]
            if len(value) > 3 and dim not in ("risk", "sanction", "direction") and chance.random() < 0.4:
                value = value[:-1] + "*"
            filters[dim] = [chance.choice(("", "", "!")) + value]
        since = chance.choice(rows.hours)["at"] if "hour" in by or chance.random() < 0.4 else chance.choice((0, chance.choice(rows.days)["at"]))
        order = chance.choice(("up", "down", "both", "flows", "alerts", "clear", "opaque", "score", "first", "last", "seen", "key"))
        yield by, filters, since, order, chance.random() < 0.2, chance.choice((0, 7, 40))
