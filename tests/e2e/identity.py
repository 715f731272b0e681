#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""identity.py --exfild PROGRAM: which machine and user has an address, in the alerts of a replay.

A recorded tunnel is replayed with a file of identities: each form of alert names machine and user as privacy.users has it, a
lease that moved in the middle of the capture is told from then on, policies may ask for host and user, a broken line ends the
replay before it begins with file, line and column, and 1 and 4 workers say the same."""
import json
import os
import sys
import tempfile

import harness

SOURCE = "10.20.1.10"
POLICY = """title: a person
name: person
logsource: {product: exfild, category: alert}
detection: {s: {user: alice, host: pc7}, condition: s}
level: high
exfild: {action: label}
"""


def replay(o, folder, text, *sets, workers=1):
    path = os.path.join(folder, "leases.csv")
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return harness.run(o.exfild, "-r", harness.capture_of("dns_iodine"), "-o", "json", "-j", workers, "--set", f"identity.file={path}",
                       *(f"--set={s}" for s in sets))


def main():
    o = harness.parser(__doc__).parse_args()
    check = harness.Checks()
    with tempfile.TemporaryDirectory() as folder:
        line = f"{SOURCE},pc7,alice,8h\n"
        alerts = replay(o, folder, line, "privacy.users=clear").alerts()
        check(alerts and all(a["user"]["name"] == "alice" and a["source"]["domain"] == "pc7" and "alice" in a["related"]["user"]
                             for a in alerts), "in the clear: machine and user", alerts[:1])
        hidden = replay(o, folder, line)
        names = {a["user"]["name"] for a in hidden.alerts()}
        check(len(names) == 1 and names.pop().startswith("user-") and b"alice" not in hidden.out, "by default a pseudonym, and no name")
        check(hidden.out == replay(o, folder, line, workers=4).out, "4 workers say the same")
        off = replay(o, folder, line, "privacy.users=off").alerts()
        check(all("user" not in a and a["source"]["domain"] == "pc7" for a in off), "off: the machine only")
        moved = replay(o, folder, f"address,user,ttl,since\n{SOURCE},alice,8h,2026-11-23T19:00:00Z\n"
                                  f"{SOURCE},bob,8h,2026-11-23T19:43:31Z\n", "privacy.users=clear").alerts()
        check([a["user"]["name"] for a in moved] == ["alice" if a["@timestamp"] < "2026-11-23T19:43:31" else "bob" for a in moved] and
              {a["user"]["name"] for a in moved} == {"alice", "bob"}, "a lease that moves within the capture")
        over = replay(o, folder, f"address,user,ttl,since\n{SOURCE},alice,1m,2026-11-23T19:00:00Z\n", "privacy.users=clear").alerts()
        check(over and all("user" not in a for a in over), "one that is over is nobody's")
        for form, word in (("ocsf", b'"actor":{"user":{"name":"alice"}}'),):
            done = replay(o, folder, line, "privacy.users=clear", f"alerts.format={form}")
            check(word in done.out, f"{form}: the user has a place", done.out[:300])
        for number, (users, told) in enumerate((("clear", {"", "alice"}), ("off", {""}), (None, {""}))):
            database = os.path.join(folder, f"usage{number}.db")
            replay(o, folder, line, f"usage.database={database}", *([f"privacy.users={users}", "usage.per_user=true"] if users else []))
            asked = harness.run(os.path.join(os.path.dirname(o.exfild), "exfilctl"), "usage", "--database", database, "--by", "user", "--json", "--top", "0")
            found = {row["user"] for row in json.loads(asked.out)["rows"]}
            check(found == told, f"usage by user, {users}: {told}", found)
        with open(os.path.join(folder, "policy.yaml"), "w", encoding="utf-8") as out:
            out.write(POLICY)
        decided = replay(o, folder, line, "privacy.users=clear", f"policy.files=[{folder}/policy.yaml]").alerts()
        check(decided and all(a["exfild"]["policy"]["rule"] == "person" for a in decided), "a policy asks for user and host", decided[:1])
        broken = replay(o, folder, line + "10.1.2.3.4,pc7\n")
        check(broken.status == 1 and "leases.csv:2:1: an address is expected" in broken.err, "a broken line has its place", broken.err)
        gone = harness.run(o.exfild, "-r", harness.capture_of("dns_iodine"), "--set", "identity.file=/nonexistent/leases.csv")
        check(gone.status == 1 and "/nonexistent/leases.csv" in gone.err, "a file that is not there is an error", gone.err)
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
