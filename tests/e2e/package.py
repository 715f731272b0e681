#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""package.py --build FOLDER --flood PROGRAM: the Debian package on a gateway, from installation to purge.

Packages the build, boots a Debian with systemd as a router with 512 MB in a container, installs the package, starts the
unit as it is shipped, sends a tunnel of iodine through the gateway, and reads the alert from a real redis-server that
wants a user and a password. Then: the daily report by its timer, a flood, a quiet line, a daemon that stands still, upgrade, downgrade, removal, purge."""
import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import harness
import machine

UNIT = "exfild.service"
LONGEST_S = 600
PASSWORD = "correct-horse-battery-staple"
INSTALLED = ["redis-server", "logrotate", "man-db", "bash-completion"]
REDIS = f"""
user default on >{PASSWORD}-admin ~* &* +@all
user exfild on >{PASSWORD} resetkeys ~exfild:* resetchannels &exfild:* -@all +auth +ping +hello +select +publish +xadd
"""
CONFIGURATION = """
redis: {url: "redis://127.0.0.1:6379/0", username: exfild}
"""
# what a purge leaves by intent, and what is not the package's
LEFT = re.compile(r"^/(root|tmp)/|^/var/(cache|log)/(apt|dpkg|journal|man)|^/var/lib/(apt|dpkg|redis|systemd)/|^/etc/(passwd|group|g?shadow)")


def package(build, version, folder, state_format="1"):
    """The path of a package of the build with this version."""
    done = subprocess.run([os.path.join(harness.SOURCE, "scripts", "package"), "-b", build, "-v", version, "-o", folder],
                          env=dict(os.environ, EXFILD_STATE_FORMAT=state_format), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        raise machine.Impossible("scripts/package: " + done.stdout[-2000:])
    return done.stdout.split()[-1]


def depends(path):
    """What the package needs, by name, the first of alternatives."""
    said = subprocess.run(["dpkg-deb", "-f", path, "Depends"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [re.split(r"[\s(|:]", part.strip())[0] for part in said.split(",")]


def lintian(path, check):
    """What lintian says of the package, where it is installed."""
    if not shutil.which("lintian"):
        print("lintian is not installed: the package is not held against Debian's policy")
        return
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    check(done.returncode == 0, "lintian has nothing to say", done.stdout)


class Proof:
    def __init__(self, gateway, check):
        self.gateway, self.check = gateway, check

    # ---- what several steps ask -----------------------------------------------------------------

    def show(self, name):
        return self.gateway("systemctl", "show", "-P", name, UNIT).stdout.strip()

    def journal(self, lines=15):
        return self.gateway("journalctl", "-u", UNIT, "-n", str(lines), "--no-pager", "-o", "cat").stdout

    def is_up(self):
        return self.show("ActiveState") == "active"

    def done(self, text, *command, timeout=120):
        """Runs inside; a failure is one of the test."""
        result = self.gateway(*command, timeout=timeout)
        self.check(result.returncode == 0, f"{text} (exit status {result.returncode})", result.stdout[-1500:] + self.journal())
        return result.stdout

    def apt(self, path, *options):
        inside = self.gateway.copy_in(path)
        return self.done("apt-get installs " + os.path.basename(path), "apt-get", "install", "-y", "-q", "--no-install-recommends",
                         "-o", "Dpkg::Options::=--force-confold", *options, inside)

    def redis(self, *words):
        return self.gateway("redis-cli", "--no-auth-warning", "-a", PASSWORD + "-admin", *words).stdout

    def alerts(self):
        """The alerts in Redis's stream, in their order."""
        lines = self.redis("XRANGE", "exfild:alerts", "-", "+").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def exists(self, path):
        return self.gateway("test", "-e", path).returncode == 0

    # ---- the steps, in their order ----------------------------------------------------------------

    def installs(self, path):
        self.apt(path)
        self.check(self.show("LoadState") == "loaded", "the unit is known after installation")
        self.check(not self.is_up(), "the package starts nothing by itself")
        owner = self.gateway("stat", "-c", "%U:%G %a", "/etc/exfild", "/etc/exfild/exfild.yaml", "/etc/exfild/redis.pass").stdout.split("\n")
        self.check(owner[:3] == ["root:exfild 750", "root:exfild 640", "root:root 600"], "configuration belongs to root, the password to it alone", owner)
        said = self.done("systemd-analyze verify has nothing to say", "systemd-analyze", "verify", "/lib/systemd/system/" + UNIT)
        self.check(UNIT not in said, "systemd-analyze verify has nothing to say on the unit as installed", said)
        for page in ("8 exfild", "8 exfilctl", "5 exfild.yaml", "7 exfild-rules"):
            self.check(self.gateway("man", "-w", *page.split()).returncode == 0, f"man {page} finds its page")

    def starts(self):
        gateway = self.gateway
        gateway("sh", "-c", f"cat >> /etc/redis/redis.conf <<'end'\n{REDIS}end")
        self.done("redis-server starts", "systemctl", "restart", "redis-server")
        gateway.write("/etc/exfild/conf.d/10-site.yaml", CONFIGURATION)
        gateway.write("/etc/exfild/redis.pass", PASSWORD + "\n", 0o600)
        # a build with the sanitizers ends by tracing itself, which the unit's filter forbids
        gateway("systemctl", "set-environment", "ASAN_OPTIONS=detect_leaks=0")
        began = time.monotonic()
        self.done("the unit starts", "systemctl", "enable", "--now", UNIT)
        seconds = time.monotonic() - began
        self.check(self.is_up() and self.show("NRestarts") == "0", "the unit is active at its first start", self.journal())
        self.check(gateway.wait_for(lambda: "1 of 1 interfaces" in self.show("StatusText"), 5), "the status line says what is listened to: lan0 alone",
                   self.show("StatusText") + "\n" + self.journal())
        return seconds

    def has_little_power(self):
        """What the kernel says of the unit's processes."""
        gateway = self.gateway
        pids = gateway.pids(UNIT)
        names = []
        for pid in pids:
            status = dict(line.split(":\t", 1) for line in gateway("cat", f"/proc/{pid}/status").stdout.splitlines() if ":\t" in line)
            name = status.get("Name", "?")
            self.check(status.get("Uid", "0").split()[0] != "0", f"{name} ({pid}) is not root")
            self.check(status.get("NoNewPrivs") == "1", f"{name} ({pid}) cannot gain privileges")
            self.check(status.get("Seccomp") == "2", f"{name} ({pid}) has a filter of system calls")
            # the first one opens packet sockets, and gives capture a user of its own
            most = 0x20c0 if name == "exfild" else 0
            self.check(int(status.get("CapEff", "ffff"), 16) & ~most == 0, f"{name} ({pid}) has no more than it needs", status.get("CapEff"))
            score = "800" if name == "exfild-capture" else "500"
            self.check(gateway("cat", f"/proc/{pid}/oom_score_adj").stdout.strip() == score, f"{name} ({pid}) goes before the gateway's own work")
            user = gateway("id", "-nu", status.get("Uid", "0").split()[0]).stdout.strip()
            self.check(user == ("exfild-capture" if name == "exfild-capture" else "exfild"), f"{name} ({pid}) has its user", user)
            names.append(name)
        self.check(sorted(names) == ["exfild", "exfild-capture", "exfild-core"], "the unit has its processes", names)
        for name, value in (("CPUWeight", "20"), ("Type", "notify"), ("OOMPolicy", "continue")):
            self.check(self.show(name) == value, f"{name} of the unit is {value}", self.show(name))
        for user in ("exfild", "exfild-capture", "nobody"):
            self.check(gateway("setpriv", "--reuid", user, "--clear-groups", "cat", "/etc/exfild/redis.pass").returncode != 0,
                       f"{user} cannot read the password")

    def answers(self):
        gateway = self.gateway
        said = self.done("exfilctl status", "exfilctl", "status")
        self.check("lan0" in said, "exfilctl status names the interface", said)
        member = ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--groups")
        self.check(gateway(*member, "exfild", "exfilctl", "stats").returncode == 0, "a member of exfild may ask")
        refused = gateway(*member, "nogroup", "exfilctl", "stats")
        self.check(refused.returncode == 1 and "exfild" in refused.stdout, "others may not, and are told", refused.stdout)
        acts = gateway(*member, "exfild", "exfilctl", "reload")
        self.check(acts.returncode == 1 and "exfild-admin" in acts.stdout, "to act takes exfild-admin", acts.stdout)

    def completed(self, line):
        """What bash with the package bash-completion offers at the end of this line."""
        script = f"""source /usr/share/bash-completion/bash_completion
            COMP_LINE={shlex.quote(line)} COMP_POINT=${{#COMP_LINE}} COMP_TYPE=9
            eval "COMP_WORDS=($COMP_LINE)"
            if [[ $COMP_LINE == *' ' ]]; then COMP_WORDS+=(''); fi
            COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            _completion_loader "${{COMP_WORDS[0]}}"
            compopt() {{ :; }}
            "_${{COMP_WORDS[0]}}" "${{COMP_WORDS[0]}}" "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
            printf '%s\\n' "${{COMPREPLY[@]}}" """
        return self.gateway("bash", "-c", script).stdout.split("\n")[:-1]

    def completes(self):
        for line, some in (("exfild -", ["-r", "-T", "--set", "--fail-on", "-V"]), ("exfild -o j", ["json"]), ("exfild --fail-on h", ["high"]),
                           ("exfild -i l", ["lo"]), ("exfild --set redis.u", ["redis.url=", "redis.username="]),
                           ("exfild --set detectors.dns_tunnel.d", ["detectors.dns_tunnel.daily_bytes="]), ("exfild -c /etc/exf", ["/etc/exfild"]),
                           ("exfilctl ", ["doctor", "drill", "reload", "status", "top"]), ("exfilctl sta", ["stats", "status"]),
                           ("exfilctl drill ", ["dns", "http", "icmp"]), ("exfilctl top --", ["--once", "--sort", "--interval"]),
                           ("exfilctl hosts --sort l", ["latest"])):
            offered = self.completed(line)
            self.check(set(some) <= set(offered), f"bash completes '{line}'", f"{offered}")
        for program in ("exfild", "exfilctl"):
            said = self.gateway(program, "-h").stdout
            options = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", said))
            offered = set(self.completed(program + " -"))
            self.check(len(options) > 5 and options == offered, f"bash offers every option of {program} and nothing else", options ^ offered)

    def sees_the_tunnel(self):
        gateway, check = self.gateway, self.check
        with Tunnel(gateway) as tunnel:
            check(tunnel.is_up, "iodine's tunnel stands", tunnel.said())
            found = gateway.wait_for(lambda: tunnel.push() and [a for a in self.alerts() if a["rule"]["id"] == "dns_tunnel"], 30, 1)
        if not check(found, "the alert is in Redis", self.redis("XINFO", "STREAM", "exfild:alerts") + self.journal()):
            return
        alert = found[0]
        check(alert["source"]["ip"] == "10.20.1.10", "it names the client", alert["source"])
        check("t.example.test" in json.dumps(alert), "it names the domain")
        check(alert["exfild"]["mode"] == "live", "it was seen live")
        check("NOPERM" in gateway("redis-cli", "--no-auth-warning", "--user", "exfild", "-a", PASSWORD, "SET", "exfild:x", "1").stdout,
              "exfild's user of Redis may do no more than exfild does")
        check(PASSWORD not in self.journal(1000), "the password is in no log line")

    def writes_the_report(self):
        """The timer starts the unit of the daily report, here a second from now; its page has the alert, and is the daemon's user's."""
        gateway, page = self.gateway, "/var/lib/exfild/reports/daily.html"
        units = ["/lib/systemd/system/exfild-report." + kind for kind in ("service", "timer")]
        said = self.done("systemd-analyze verify of the report's units", "systemd-analyze", "verify", *units)
        self.check("exfild-report" not in said, "systemd-analyze has nothing to say on the report's units", said)
        calendar = re.search(r"^OnCalendar=(.*)$", gateway("cat", units[1]).stdout, re.M).group(1)
        self.check("Next elapse" in self.done("systemd-analyze calendar", "systemd-analyze", "calendar", calendar), "its time comes", calendar)
        before = gateway("stat", "-c", "%U:%G %a", "/var/lib/exfild").stdout
        gateway("mkdir", "-p", "/run/systemd/system/exfild-report.timer.d")
        gateway.write("/run/systemd/system/exfild-report.timer.d/test.conf", "[Timer]\nOnActiveSec=1s\nAccuracySec=100ms\nRandomizedDelaySec=0\n")
        gateway("systemctl", "daemon-reload")
        self.done("the timer is enabled", "systemctl", "enable", "--now", "exfild-report.timer")
        self.check(gateway.wait_for(lambda: self.exists(page), 30), "the timer writes the page",
                   gateway("journalctl", "-u", "exfild-report.service", "--no-pager", "-o", "cat").stdout + gateway("systemctl", "list-timers", "--all").stdout)
        self.check(gateway.wait_for(lambda: gateway("systemctl", "show", "-P", "ActiveState", "exfild-report.service").stdout.strip() == "inactive", 30), "and ends")
        self.check(gateway("systemctl", "show", "-P", "Result", "exfild-report.service").stdout.strip() == "success", "well",
                   gateway("systemctl", "status", "exfild-report.service").stdout)
        html = gateway("cat", page).stdout
        text = re.sub(r"\s+", " ", re.sub(r"(?s)<(style|script)>.*?</\1>|<[^>]*>", " ", html))
        self.check(html.rstrip().endswith("</html>") and "10.20.1.10" in text and "example.test" in text, "the page has the alert", text[:1500])
        self.check(gateway("stat", "-c", "%U:%G %a", page).stdout.strip() == "exfild:exfild 640", "and is readable by the daemon's group alone", gateway("stat", page).stdout)
        self.check(gateway("stat", "-c", "%U:%G %a", "/var/lib/exfild").stdout == before, "the folder of the state is as it was")
        gateway("rm", "-r", "/run/systemd/system/exfild-report.timer.d")
        gateway("systemctl", "daemon-reload")
        self.done("the timer as it is shipped", "systemctl", "restart", "exfild-report.timer")
        waits = gateway("systemctl", "show", "-P", "NextElapseUSecRealtime", "exfild-report.timer").stdout
        self.check(" 06:" in waits, "its next time is in the morning", waits)

    def stays_small(self, flood):
        """A flood of new connections fills every table; the machine has 512 MB, a quarter of which is exfild's."""
        gateway = self.gateway
        if not gateway.group:
            print("no control group could be made: the machine has all memory, and exfild's share of 512 MB is not tried")
            return 0
        inside = ("systemd-run", "--quiet", "--pipe", "--wait", "--collect", "exfild", "-T")  # in a control group of the machine's own
        said = gateway(*inside, "-c", "/etc/exfild/exfild.yaml").stdout
        self.check("of 134 that limits.memory_mb allows; there are 537" in said, "exfild -T reckons with the 512 MB of the machine", said[-700:])
        too_much = gateway(*inside, "--set", "limits.memory_mb=600")
        self.check(too_much.returncode == 1 and "MemoryMax" in too_much.stdout, "what cannot fit is refused", too_much.stdout[-500:])
        with tempfile.NamedTemporaryFile(suffix=".pcap") as capture:
            for kind, count in (("conversations", "100000"), ("conversations", "150000")):
                capture.seek(0)
                capture.truncate()
                subprocess.run([flood, kind, count], stdout=capture, check=True)
                sent = machine.call("ip", "netns", "exec", gateway.lan, "tcpreplay", "-q", "-i", "eth0", "--pps", "60000", capture.name)
                self.check(sent.returncode == 0, "tcpreplay sends " + kind, sent.stdout)
        time.sleep(1)
        resident = 0
        for pid in gateway.pids(UNIT):
            rollup = gateway("cat", f"/proc/{pid}/smaps_rollup").stdout
            resident += int(re.search(r"^Pss: +(\d+) kB", rollup, re.M).group(1))
        self.check(resident < 128 << 10, "all processes together take less than 128 MB", f"{resident} kB")
        self.check(self.is_up() and self.show("NRestarts") == "0", "and go on", self.journal())
        return resident

    def is_watched(self):
        """With a watchdog of four seconds instead of thirty: silence is health, a loop that stands still is not."""
        # a loop tells each second that it has turned: a machine that is shared stands still for one now and then
        gateway = self.gateway
        gateway("mkdir", "-p", "/run/systemd/system/exfild.service.d")
        gateway.write("/run/systemd/system/exfild.service.d/test.conf", "[Service]\nWatchdogSec=4\nRestartSec=100ms\n")
        gateway("systemctl", "daemon-reload")
        self.done("restart", "systemctl", "restart", UNIT)
        for name in ("lan0", "wan0"):  # not a packet any more, not even an ARP
            machine.call("ip", "-n", gateway.gateway, "link", "set", name, "arp", "off")
        pid = self.show("MainPID")
        time.sleep(9)
        self.check(self.show("MainPID") == pid and self.is_up(), "a quiet gateway is healthy", self.journal())
        if pid in ("", "0"):
            return  # kill would take 0 for all that this test is
        gateway("kill", "-STOP", pid)
        self.check(gateway.wait_for(lambda: self.show("MainPID") not in (pid, "0") and self.is_up(), 20), "a loop that stands still is started anew",
                   self.journal())
        self.check("watchdog" in self.journal(60).lower() and self.show("NRestarts") == "1", "by the watchdog", self.journal(60))
        for name in ("lan0", "wan0"):
            machine.call("ip", "-n", gateway.gateway, "link", "set", name, "arp", "on")
        gateway("rm", "-r", "/run/systemd/system/exfild.service.d")
        gateway("systemctl", "daemon-reload")
        self.done("restart", "systemctl", "restart", UNIT)

    def upgrades(self, path, version):
        """A package that reads the same state: the new program runs, configuration and state stay."""
        pid = self.show("MainPID")
        self.gateway("sh", "-c", "echo '# ours' >> /etc/exfild/exfild.yaml; echo kept > /var/lib/exfild/proof")
        self.apt(path)
        self.check(self.gateway("dpkg-query", "-W", "-f", "${Version}", "exfild").stdout == version + "-1", "the new version is installed")
        self.check(self.is_up() and self.show("MainPID") != pid, "an upgrade restarts the running unit", self.journal())
        self.check("# ours" in self.gateway("tail", "-n", "1", "/etc/exfild/exfild.yaml").stdout, "an admin's change of a conffile stays")
        self.check(self.exists("/var/lib/exfild/proof"), "the state stays")
        self.check(self.show("UnitFileState") == "enabled", "it stays enabled")

    def downgrades(self, path):
        """From a version whose state this one cannot read."""
        self.gateway("sh", "-c", "echo newer > /var/lib/exfild/proof; ls -A /var/lib/exfild > /root/before")
        said = self.apt(path, "--allow-downgrades")
        before = {name for name in self.gateway("cat", "/root/before").stdout.split() if not name.endswith(("-wal", "-shm"))}  # of a running SQLite
        aside = self.gateway("sh", "-c", "cd /var/lib/exfild && echo format-2-*").stdout.strip()
        kept = set(self.gateway("ls", "-A", f"/var/lib/exfild/{aside}").stdout.split())
        self.check("*" not in aside and before <= kept, "the newer version's state is set aside whole", f"{before}\n{aside}\n{kept}")
        self.check(self.gateway("cat", f"/var/lib/exfild/{aside}/proof").stdout == "newer\n", "and not changed")
        self.check("is kept in" in said, "which is said", said)
        self.check(self.is_up(), "the older version runs after a downgrade", self.journal())

    def rotates(self):
        """logrotate moves the file of alerts, and the next one is made by the daemon."""
        self.gateway("sh", "-c", "echo '{}' > /var/log/exfild/alerts.json; chown exfild:exfild /var/log/exfild/alerts.json")
        self.done("logrotate takes the package's file", "logrotate", "-f", "/etc/logrotate.d/exfild")
        self.check(self.exists("/var/log/exfild/alerts.json.1"), "the alert file is rotated")

    def goes(self):
        gateway = self.gateway
        self.done("removal", "apt-get", "remove", "-y", "-q", "exfild")
        self.check(gateway("pgrep", "-x", "exfild.*").returncode == 1, "no process is left", gateway("ps", "ax").stdout)
        self.check(not self.exists("/lib/systemd/system/" + UNIT) and not self.exists("/run/exfild"), "no unit and no socket is left")
        for path in ("/etc/exfild/exfild.yaml", "/etc/exfild/conf.d/10-site.yaml", "/etc/exfild/redis.pass", "/etc/logrotate.d/exfild", "/var/lib/exfild"):
            self.check(self.exists(path), f"a removal leaves {path}")
        self.done("purge", "apt-get", "purge", "-y", "-q", "exfild")
        found = gateway("find", "/", "-xdev", "-iname", "*exfil*", "-not", "-path", "/proc/*", "-not", "-path", "/sys/*").stdout.split("\n")
        left = [path for path in found if path and not LEFT.search(path)]
        self.check(not left, "a purge leaves nothing", "\n".join(left))
        self.check("exfild" not in gateway("systemctl", "--failed", "--plain").stdout, "and no failed unit",
                   gateway("systemctl", "--failed", "--plain").stdout + self.journal(40))


class Tunnel:
    """iodine from the LAN to a server in the world, through the gateway."""

    def __init__(self, gateway):
        self.gateway, self.processes, self.is_up = gateway, [], False
        self.log = tempfile.TemporaryFile()

    def start(self, name, *command):
        self.processes.append(subprocess.Popen(["ip", "netns", "exec", name, *command], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log))

    def __enter__(self):
        self.start(self.gateway.world, "iodined", "-f", "-c", "-P", "lab", "-l", "203.0.113.20", "198.19.0.1/27", "t.example.test")
        time.sleep(0.5)
        self.start(self.gateway.lan, "iodine", "-f", "-r", "-P", "lab", "-m", "400", "203.0.113.20", "t.example.test")
        self.is_up = self.gateway.wait_for(lambda: "198.19.0." in machine.call("ip", "-n", self.gateway.lan, "-4", "-o", "addr").stdout, 30, 0.3)
        return self

    def push(self):
        """Data through the tunnel, a kilobyte or so; true, whether they arrive or not."""
        machine.call("ip", "netns", "exec", self.gateway.lan, "ping", "-q", "-c", "5", "-i", "0.1", "-W", "1", "-s", "250", "198.19.0.1")
        return True

    def said(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        self.log.close()


def prove(arguments, check):
    with tempfile.TemporaryDirectory() as folder:
        versions = [package(arguments.build, version, folder, number) for version, number in (("9.0.0", "1"), ("9.0.1", "1"), ("9.1.0", "2"))]
        lintian(versions[0], check)
        root = machine.cached_root(INSTALLED + depends(versions[0]))
        with machine.Machine(root) as gateway:
            proof = Proof(gateway, check)
            proof.installs(versions[0])
            seconds = proof.starts()
            proof.has_little_power()
            proof.answers()
            proof.completes()
            proof.sees_the_tunnel()
            proof.writes_the_report()
            resident = proof.stays_small(arguments.flood)
            proof.is_watched()
            proof.upgrades(versions[1], "9.0.1")
            proof.upgrades(versions[2], "9.1.0")
            proof.downgrades(versions[0])
            proof.rotates()
            proof.goes()
    return f"started in {seconds:.2f} s, {resident >> 10} MB in the flood"


def within(seconds, work):
    """What `work` returns, done by a process of its own: a container that stands still ends the test, and does not hang it."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            try:
                status = work()
            except SystemExit as end:
                status = end.code
            except BaseException:
                traceback.print_exc()
                status = 1
            sys.stdout.flush()
            os._exit(status if isinstance(status, int) else status is not None)
        signal.signal(signal.SIGTERM, lambda *_: os.killpg(pid, signal.SIGTERM))
        deadline = time.monotonic() + seconds
        done = 0
        while not done and time.monotonic() < deadline:
            time.sleep(0.2)
            done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            os.killpg(pid, signal.SIGKILL)
        said.seek(0)
        print(said.read(), end="")
        if not done:
            print(f"package.py: not done after {seconds} s: ended")
        return os.waitstatus_to_exitcode(status) if done else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="the build tree to package")
    parser.add_argument("--flood", required=True, help="the program made of tests/support/flood.c")
    arguments = parser.parse_args()
    return within(LONGEST_S, lambda: test(arguments))


def test(arguments):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    reason = machine.missing()
    if reason:
        harness.skip(reason)
    check = harness.Checks()
    try:
        note = prove(arguments, check)
    except machine.Impossible as why:
        harness.skip(str(why))
    return check.end(note)


if __name__ == "__main__":
    sys.exit(main())
