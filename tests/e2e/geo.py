#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""geo.py --exfild PROGRAM --exfilctl PROGRAM: country and AS of outside addresses, from databases of our own.

A recorded upload is replayed with databases that tests/support/mmdb_write.py makes of its addresses: every form of alert that
has a place names country and AS of the outside end, a policy asks for them, 1 and 4 workers say the same. Databases that are cut end a
replay before it begins. A running exfild takes another database at a reload; a damaged one is refused, and the one before stays."""
import json
import os
import subprocess
import sys
import tempfile
import time

import harness
import live_net

WRITE = os.path.join(harness.SOURCE, "tests/support/mmdb_write.py")
POLICY = """title: far
name: far
logsource: {product: exfild, category: alert}
detection: {s: {country: NZ, as: 64500}, condition: s}
level: high
exfild: {action: label}
"""


def make(path, kind, *rows):
    subprocess.run([sys.executable, WRITE, kind, path, *rows], check=True)
    return path


def counted(check, o, folder, capture, sets):
    """Usage goes by them: what went there is counted there, and the rest stays without a place."""
    def ask(by, *filters):
        done = subprocess.run([o.exfilctl, "usage", "--database", folder + "/usage.db", "--json", "--by", by, *filters], capture_output=True, text=True, check=False)
        return {row[by]: row["up"] for row in json.loads(done.stdout)["rows"]} if done.returncode == 0 else done.stderr
    done = harness.run(o.exfild, "-q", "-r", capture, "-o", "json", "--set", f"usage.database={folder}/usage.db", *sets)
    check(done.status == 0, "usage is written", done.err)
    country, operator = ask("country"), ask("as")
    check(set(country) == {"NZ", ""} and country["NZ"] > 100 * country[""], "usage by country", country)
    check(operator == {"AS64500 Example Net": country["NZ"], "": country[""]}, "and by network, the same bytes", operator)
    check(ask("country", "--country", "NZ") == {"NZ": country["NZ"]}, "a filter takes a country", ask("country", "--country", "NZ"))
    page = os.path.join(folder, "page.html")
    done = harness.run(o.exfild, "-q", "-r", capture, "-o", "json", "--report", page, *sets)
    with open(page, encoding="utf-8") as stream:
        text = stream.read()
    check(done.status == 0 and ">NZ<" in text and "Test-Country of 2023-11-14, Test-ASN of 2023-11-14" in text and ">anycast<" not in text,
          "the report has a table of countries, and says by which databases", done.err)


def replayed(check, o, folder):
    """Each form, workers, a policy, cut databases."""
    capture = harness.capture_of("https_upload")
    plain = harness.run(o.exfild, "-r", capture, "-o", "json").alerts()
    outside = next((a["destination"]["ip"] for a in plain if "ip" in a.get("destination", {})), None)
    if not check(outside, "the capture has an alert about an outside address", plain[:1]):
        return
    country = make(folder + "/country.mmdb", "country", f"{outside}/32=NZ" if ":" not in outside else f"{outside}/128=NZ")
    operator = make(folder + "/as.mmdb", "as", f"{outside}/32=64500:Example Net")
    sets = ["--set", f"geo.country={country}", "--set", f"geo.as={operator}"]
    done = harness.run(o.exfild, "-r", capture, "-o", "json", *sets)
    ends = [a["destination"] for a in done.alerts() if a.get("destination", {}).get("ip") == outside]
    check(ends and all(e["geo"]["country_iso_code"] == "NZ" and e["as"] == {"number": 64500, "organization": {"name": "Example Net"}} for e in ends),
          "country and AS of the destination", ends[:1] or done.err)
    check(all("geo" not in a.get("source", {}) for a in done.alerts()), "nothing of an inside address")
    check(done.out == harness.run(o.exfild, "-r", capture, "-o", "json", "-j", 4, *sets).out, "4 workers say the same")
    ocsf = harness.run(o.exfild, "-r", capture, "-o", "json", "--set", "alerts.format=ocsf", *sets)
    check(b'"location":{"country":"NZ"},"autonomous_system":{"number":64500,"name":"Example Net"}' in ocsf.out, "OCSF has a place for both")
    with open(folder + "/policy.yaml", "w", encoding="utf-8") as out:
        out.write(POLICY)
    decided = harness.run(o.exfild, "-r", capture, "-o", "json", "--set", f"policy.files=[{folder}/policy.yaml]", *sets).alerts()
    check(any(a["exfild"].get("policy", {}).get("rule") == "far" for a in decided), "a policy asks for country and AS", decided[:1])
    counted(check, o, folder, capture, sets)
    make(folder + "/country.mmdb", "country", f"{outside}/32=NZ*" if ":" not in outside else f"{outside}/128=NZ*")
    anycast = os.path.join(folder, "anycast.html")
    done = harness.run(o.exfild, "-q", "-r", capture, "-o", "json", "--report", anycast, *sets)
    with open(anycast, encoding="utf-8") as stream:
        check('NZ <span class="chip low">anycast</span>' in stream.read(), "an anycast address is marked", done.err)
    check(b"NZ*" not in done.out, "and an alert has the country alone")
    with open(country, "rb") as stream:
        data = stream.read()
    for part in (0, 1, len(data) // 2, len(data) - 1):
        with open(folder + "/cut.mmdb", "wb") as out:
            out.write(data[:part])
        cut = harness.run(o.exfild, "-r", capture, "--set", f"geo.country={folder}/cut.mmdb")
        check(cut.status == 1 and "cut.mmdb" in cut.err and not cut.crashed(), f"cut at {part}: an error that names it", cut.err)


def reloaded(check, o, folder):
    """While it runs: another database, then a damaged one."""
    with live_net.Nets("c", "g") as nets:
        nets.link("c", "e0", "g", "g0")
        path, config = folder + "/live.mmdb", folder + "/exfild.yaml"
        make(path, "country")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f"geo: {{country: {path}}}\n")
        with live_net.Live(nets, "g", o.exfild, "-i", "g0", "-c", config) as live:
            def reload():
                done = subprocess.run([o.exfilctl, "-s", live.control, "reload"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
                return done.returncode, done.stdout
            make(folder + "/new.mmdb", "country", "203.0.113.0/24=AT")
            os.rename(folder + "/new.mmdb", path)
            check(reload()[0] == 0, "another database is taken", live.err()[-400:])
            with open(path, "rb") as stream:
                data = stream.read()
            for part in range(0, len(data), 97):
                with open(folder + "/new.mmdb", "wb") as out:
                    out.write(data[:part])
                os.rename(folder + "/new.mmdb", path)
                status, said = reload()
                if not check(status != 0 and "live.mmdb" in said, f"cut at {part}: the reload is refused, with its name", said):
                    break
            time.sleep(0.5)
            check(len(live.pids()) == 3 and "Sanitizer" not in live.err(), "and exfild runs on", live.err()[-400:])


def main():
    p = harness.parser(__doc__)
    p.add_argument("--exfilctl", required=True)
    o = p.parse_args()
    check = harness.Checks()
    with tempfile.TemporaryDirectory() as folder:
        replayed(check, o, folder)
        if os.geteuid() == 0:
            reloaded(check, o, folder)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
