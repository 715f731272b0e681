#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""report.py --exfild PROGRAM --exfilctl PROGRAM [--pictures FOLDER]: the page of a replay, and those of exfilctl report.

The same captures give the same bytes with any number of workers; a path that cannot be written is said before the work.
In a real Chromium: every chart is drawn, tables sort, nothing is said on the console, nothing is asked for outside, and
names that mean harm are text. Without Chromium the second half is skipped, and that is said."""
import base64
import hashlib
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile

import browser
import harness

MANY = ["dns_exfil_hex", "rpc_dcsync", "scan_nmap_syn", "https_upload", "icmp_ptunnel"]
# runs in the page: presses each heading twice and says what came of it
PROBE = """
(function () {
  var said = [];
  document.querySelectorAll("table.sorts").forEach(function (t, i) {
    Array.prototype.forEach.call(t.tHead.rows[0].cells, function (h, c) {
      var before = t.tBodies[0].rows.length;
      function column() { return Array.prototype.map.call(t.tBodies[0].rows, function (r) {
        var v = r.cells[c].getAttribute("data-v"); return v === null ? r.cells[c].textContent : Number(v); }); }
      function ordered(l, down) { return l.every(function (v, k) { return !k || (down ? l[k - 1] >= v : l[k - 1] <= v); }); }
      h.querySelector("button").click();
      var down = ordered(column(), true) && h.getAttribute("aria-sort") === "descending";
      h.querySelector("button").click();
      var up = ordered(column(), false) && h.getAttribute("aria-sort") === "ascending";
      if (!down || !up || before !== t.tBodies[0].rows.length) said.push("table " + i + " column " + c);
    });
  });
  document.querySelectorAll("svg").forEach(function (s, i) {
    var b = s.getBoundingClientRect(), shown = !s.closest("details:not([open])");
    if (shown && (b.width < 10 || b.height < 5)) said.push("svg " + i + " has no room");
  });
  if (document.documentElement.scrollWidth > window.innerWidth) said.push("wider than the window: " + document.documentElement.scrollWidth);
  if (window.hurt) said.push("a name ran as a script");
  document.title = "probe: " + (said.join("; ") || "good") + "; tables " + document.querySelectorAll("table.sorts").length;
})();
"""
BAD = '"><script>window.hurt=1</script><img src=http://192.0.2.1/x onerror=hurt=1>'


class Outline(html.parser.HTMLParser):
    """What a screen reader goes by."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.ids, self.links = {}, [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        attrs = dict(attrs)
        self.attributes.append((tag, attrs))
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "a":
            self.links.append(attrs.get("href", ""))

CONTROLS = ("A.5.23", "A.8.12", "A.8.16", "SC-7(10)", "SI-4(18)", "CSA CCM", "PCI DSS v4.0 11.5.1", "GDPR Article 33")


def captures(names):
    return [x for name in names for x in ("-r", harness.capture_of(name))]


def replay(program, check, path, names, *more, status=0):
    result = harness.run(program, "-q", *captures(names), "--report", path, *more, timeout=120)
    check(result.status == status and not result.crashed(), f"--report of {len(names)} captures: status {result.status}", result.err)
    return result


def read(path):
    with open(path, "rb") as f:
        return f.read()


def files(program, check, temp):
    one, two = os.path.join(temp, "one.html"), os.path.join(temp, "two.html")
    replay(program, check, one, MANY)
    replay(program, check, two, MANY, "-j", "2")
    check(read(one) == read(two), "the page is the same with one worker and with two")
    check(all(word in read(one) for word in (b"<dt>About</dt><dd>example.test", b"<dt>Connection</dt><dd>dns over udp with 10.20.1.1, port 53; ",
                                             b"<dt>Packets</dt><dd>")), "an alert says what it is about, by which connection and packets")
    check(sorted(os.listdir(temp)) == ["one.html", "two.html"], f"nothing else is left: {os.listdir(temp)}")
    for bad, word in ((os.path.join(temp, "no", "r.html"), "folder"), (temp, "is no file")):
        result = replay(program, check, bad, MANY[:1], status=1)
        check(word in result.err and bad in result.err, f"a report that cannot be written is said: {word}", result.err)
        check(not result.out, "and it is said before the work")
    result = harness.run(program, "--report", one, "-i", "lo")
    check(result.status == 2 and "exfilctl report" in result.err, "--report does not go with -i", result.err)
    return one


def kinds(program, exfilctl, check, temp):
    """exfilctl report of a file of alerts, without a daemon and without a usage database."""
    alerts = os.path.join(temp, "alerts.json")
    result = harness.run(program, "-q", *captures(MANY), "-o", "json", timeout=120)
    write(alerts, result.out)
    host = json.loads(result.out.splitlines()[0])["source"]["ip"]
    one = json.loads(result.out.splitlines()[-1])["exfild"]["alert_id"]

    def ask(*arguments, status=0):
        done = subprocess.run([exfilctl, "report", "-s", os.path.join(temp, "none.sock"), "--usage", os.path.join(temp, "none.db"),
                               *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        check(done.returncode == status, f"exfilctl report {' '.join(arguments)[:80]}: status {done.returncode}", done.stderr.decode())
        return done.stderr.decode()

    page = os.path.join(temp, "kind.html")
    day = max(json.loads(line)["event"]["end"] for line in result.out.splitlines())[:10]
    ledger = make_ledger(os.path.join(temp, "ledger"), told(day))
    ask("--kind", "weekly", "--file", alerts, "-o", page, "--ledger", ledger)
    for word in ("exfild did not run", "it could not keep up", "added, enforce, done", "10.1.2.3", "rule dns_tunnel", "user 1000", "refused", "snooze"):
        check(word.encode() in read(page), f"the ledger has told: {word}")
    check(b"<script>window" not in read(page) and b"<img" not in read(page), "names of it are text")
    outline(check, read(page))
    write(os.path.join(ledger, "000000000001.jsonl"), read(os.path.join(ledger, "000000000001.jsonl")).replace(b"snooze", b"snoozE"))
    ask("--kind", "weekly", "--file", alerts, "-o", page, "--ledger", ledger)
    check(b"The ledger was altered" in read(page) and b"snoozE" not in read(page), "one that was altered is said")
    ask("--kind", "weekly", "--file", alerts, "-o", page, "--ledger", os.path.join(temp, "none"))
    check(b"What the sensor missed is not known here" in read(page), "one that is not there is said")
    for kind, more, word in (("daily", [], b"How well the sensor saw is not known"), ("weekly", [], b"Course"),
                             ("compliance", [], b"ISO/IEC 27001:2022 A.8.12"), ("incident", ["--host", host], b"Facts for a notice"),
                             ("incident", ["--alert", one[:12]], b"Facts for a notice")):
        ask("--kind", kind, "--file", alerts, "-o", page, *more)
        check(word in read(page), f"a page of kind {kind} has its part: {word.decode()}")
        check(b"<code>exfilctl evidence " in read(page), "an alert says how to get at its packets")
        if kind == "compliance":
            lacks = [word for word in CONTROLS if word.encode() not in read(page)]
            check(not lacks, "each control is named", lacks)
        outline(check, read(page))
    for arguments, word in ((["--kind", "yearly", "-o", page], "yearly"), ([], "-o report.html"), (["-o", page, "--kind", "incident"], "--host"),
                            (["-o", page, "extra"], "extra"), (["-o", page, "--alert", one], "--kind incident")):
        check(word in ask(*arguments, status=2), f"wrong usage is said: {word}")
    check("none.sock" in ask("-o", page, status=1), "without a daemon and without a file it says so")
    check("no alert ffff" in ask("-o", page, "--kind", "incident", "--alert", "ffff", "--file", alerts, status=1), "an alert that is not there is said")
    return page


def make_ledger(folder, records):
    """Records as exfild chains them."""
    os.makedirs(folder)
    before, lines = "0" * 64, []
    for number, record in enumerate(records, 1):
        body = json.dumps(dict({"n": number}, **record, prev=before), separators=(",", ":"))[:-1]
        before = hashlib.sha256(body.encode()).hexdigest()
        lines.append(f'{body},"hash":"{before}"}}\n')
    write(os.path.join(folder, "000000000001.jsonl"), "".join(lines).encode())
    return folder


def told(day):
    """What a day of a ledger may hold."""
    def at(time, **rest):
        return dict({"at": f"{day}T{time}:00.000000Z"}, **rest)

    def span(kind, since, until, **rest):
        return at(until, kind=kind, **{"from": f"{day}T{since}:00.000000Z", "until": f"{day}T{until}:00.000000Z", "dropped": 0, "unheard": 0, "away_s": 0, **rest})
    return [at("00:00", kind="begin", version="1"),
            at("04:00", kind="start", version="1", file="/etc/exfild.yaml", configuration="ab" * 32, before=f"{day}T01:00:00.000000Z", away_s=10800, text="begins"),
            span("blind", "05:00", "05:01", dropped=1200, text="1200"), span("hour", "04:00", "06:00", packets=5, bytes=6, dropped=1200, text="5"),
            at("06:10", kind="configuration", taken=False, configuration="cd" * 32, changed="", restart="", text=f"a.yaml:1:1: {BAD}"),
            at("06:20", kind="quarantine", act="added", number=1, user=0, mode="enforce", status="done", host="10.1.2.3", alert="aa", rule="dns_tunnel", reason=BAD, text="x"),
            at("06:30", kind="act", user=1000, command="snooze", done=True, about="aa", reason=BAD, text="x")]


def outline(check, page):
    text = page.decode("utf-8")
    o = Outline()
    o.feed(text)
    tables = o.tags.get("table", 0)
    check(tables and tables == o.tags.get("caption"), f"each of {tables} tables has its caption")
    check(o.tags.get("h1") == 1 and o.tags.get("main") == 1 and '<html lang="en">' in text, "one heading, one main part, a language")
    check(len(o.ids) == len(set(o.ids)), "each id is there once")
    check(all(link[1:] in o.ids for link in o.links if link.startswith("#")), "each link leads somewhere")
    check(not [a for t, a in o.attributes if a.get("src") or (t != "a" and a.get("href", "data:,") != "data:,")], "nothing is loaded")
    check(not [a for t, a in o.attributes if "style" in a or any(k.startswith("on") for k in a)], "no style and no script in attributes")
    check(all(a.get("scope") for t, a in o.attributes if t == "th"), "each heading of a table has its scope")
    check(all(a.get("aria-label") or a.get("aria-hidden") for t, a in o.attributes if t == "svg"), "each picture has words, or is decoration")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text).group(1)
    for tag in ("style", "script"):
        inner = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S).group(1).encode()
        digest = base64.b64encode(hashlib.sha256(inner).digest()).decode()
        check(f"'sha256-{digest}'" in policy, f"the policy names the {tag} by its hash")
    check("default-src 'none'" in policy and "unsafe" not in policy, f"the policy lets nothing else: {policy}")


def probe(page):
    """The page with one more script, which its policy names too."""
    digest = base64.b64encode(hashlib.sha256(PROBE.encode()).digest()).decode()
    text = page.decode("utf-8").replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    return text.replace("</body>", f"<script>{PROBE}</script></body>").encode()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def printed(chromium, check, path):
    """On paper (A4 upright, 190 mm wide) all is open, what leads on a screen is not there, and no table goes over the edge."""
    page = browser.Page(chromium, "file://" + path)
    page.until("document.readyState === 'complete'")
    page.ask("Emulation.setDeviceMetricsOverride", width=718, height=1000, deviceScaleFactor=1, mobile=False)
    page.ask("Emulation.setEmulatedMedia", media="print")
    page.value("window.dispatchEvent(new Event('beforeprint'))")
    check(page.value("getComputedStyle(document.querySelector('nav')).display") == "none", "what leads on a screen is not printed")
    check(page.value("document.querySelectorAll('details').length") > 5 and page.value("document.querySelectorAll('details:not([open])').length") == 0, "all is open on paper")
    over = page.value("JSON.stringify(Array.from(document.querySelectorAll('table')).filter(t => t.getBoundingClientRect().right > 720).map(t => t.caption.textContent))")
    check(over == "[]", "no table goes over the edge of the paper", over)
    pdf = base64.b64decode(page.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69).get("data", ""))
    check(pdf.startswith(b"%PDF") and len(pdf) > 50_000, "it can be printed", len(pdf))
    page.close()


def in_browser(chromium, check, temp, page):
    seen = browser.dom(chromium, write(os.path.join(temp, "probe.html"), probe(page)))
    title = re.search(r"<title>(.*?)</title>", seen.dom)
    check(title and title.group(1).startswith("probe: good"), f"tables sort, charts have room: {title and title.group(1)}")
    check(not seen.console, "nothing is said on the console", "\n".join(seen.console))
    check(not seen.requests, "nothing is asked for", str(seen.requests))
    check(seen.dom.count("<circle") > 5 and seen.dom.count('class="bar"') > 10, "charts are drawn with their data")
    printed(chromium, check, os.path.join(temp, "probe.html"))
    # a page that does harm is seen to: else the three checks above would show nothing
    harm = b"<!DOCTYPE html><title>x</title><script>console.error('boo'); fetch('http://192.0.2.1/x').catch(function () {});</script>"
    seen = browser.dom(chromium, write(os.path.join(temp, "harm.html"), harm))
    check(seen.console and seen.requests, "a page that asks outside is noticed")


def hostile(program, chromium, check, temp):
    """A file's name is the one text that a command line gives: the rest comes in by the same function (unit.report)."""
    folder = os.path.join(temp, BAD.replace("/", "\u2215")[:100])
    os.mkdir(folder)
    bad = os.path.join(folder, "\u202egpj\u2066.<b onclick=x>&\udcff" + "a" * 200 + ".pcap")
    write(bad, read(harness.capture_of(MANY[0])))
    path = os.path.join(temp, "bad.html")
    result = harness.run(program, "-q", "-r", bad, "--report", path)
    page = read(path)
    check(result.status == 0 and b"<b onclick" not in page and b"<img" not in page and "\u202e".encode() not in page and b"\xff" not in page,
          "a hostile file name is text", result.err)
    check(b"\\u202egpj" in page and b"&lt;b onclick&#61;x&gt;" in page, "and it can be read")
    seen = browser.dom(chromium, write(os.path.join(temp, "probe.html"), probe(page)))
    check("probe: good" in seen.dom and not seen.requests and not seen.console, "and harmless in a browser",
          f"{seen.requests}\n{seen.console}")


def pictures(chromium, folder, path):
    for name, width, height, dark in (("light", 1200, 3000, False), ("dark", 1200, 3000, True), ("phone", 500, 3000, False)):
        browser.shoot(chromium, path, os.path.join(folder, f"report-{name}.png"), width, height, dark)


def main():
    parser = harness.parser(__doc__)
    parser.add_argument("--exfilctl", required=True)
    parser.add_argument("--pictures", help="a folder for screenshots")
    options = parser.parse_args()
    check = harness.Checks()
    with tempfile.TemporaryDirectory() as temp, tempfile.TemporaryDirectory() as work:
        path = files(options.exfild, check, temp)
        page = read(path)
        outline(check, page)
        kinds(options.exfild, options.exfilctl, check, work)
        chromium = browser.find()
        if chromium:
            in_browser(chromium, check, work, page)
            hostile(options.exfild, chromium, check, work)
            if options.pictures:
                pictures(chromium, os.path.abspath(options.pictures), path)
    return check.end("" if chromium else "the browser's part was skipped: Debian package chromium is missing")


if __name__ == "__main__":
    sys.exit(main())
