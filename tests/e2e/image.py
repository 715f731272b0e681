#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""image.py --build FOLDER: what the Containerfile starts, started as an engine for containers would.

The image itself needs a registry. Its second half does not: the package of the build is installed in a Debian of its own, and the ENTRYPOINT and
CMD of the Containerfile run there as the first process of a process namespace, without systemd, with no more power than the podman line of its head adds.
They must come up by their HEALTHCHECK, as no root, tell a tunnel that crosses their interface, and end when they are told to."""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import harness
import machine
import package

TUNNEL = os.path.join(harness.REPLAY, "dns_iodine", "input.pcap")


def words_of(kind, text):
    """The words of an instruction in the form of a list."""
    found = re.search(rf"^{kind} (\[.*?\])$", text.replace("\\\n", " "), re.M)
    return json.loads(found.group(1))


class Recipe:
    def __init__(self):
        with open(os.path.join(harness.SOURCE, "Containerfile"), encoding="ascii") as stream:
            text = stream.read()
        self.command = words_of("ENTRYPOINT", text) + words_of("CMD", text)
        self.health = re.search(r"^HEALTHCHECK .*? CMD (.*)$", text, re.M).group(1).split()
        self.environment = re.findall(r"^ENV (\S+=\S+)$", text, re.M)
        self.powers = re.findall(r"--cap-add (\w+)", text)


class Container(machine.Machine):
    """The machine's disk and network, and on them one command in place of systemd."""

    def __init__(self, root, recipe, deb):
        super().__init__(root)
        self.recipe, self.deb = recipe, deb

    def boot(self):
        shutil.copy(self.deb, os.path.join(self.disk, "root"))
        inside = 'mount -t proc proc "$0/proc" && exec chroot "$0" '
        machine.must("unshare", "-m", "-p", "-f", "sh", "-c", inside + f"dpkg -i /root/{os.path.basename(self.deb)}", self.disk)
        bounds = ",".join(["-all"] + ["+" + power for power in self.recipe.powers])
        command = ["ip", "netns", "exec", self.gateway, "unshare", "-m", "-p", "-f", "--kill-child", "sh", "-c", inside + '"$@"', self.disk,
                   "setpriv", "--bounding-set=" + bounds, "--", "env", *self.recipe.environment, *self.recipe.command]
        with open(self.console, "wb") as console:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
        self.pid = self.wait_for(self.first_process, 20)

    def first_process(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as children:
            return int((children.read().split() or ["0"])[0])

    def __call__(self, *command, timeout=60):
        return machine.call("nsenter", "-t", str(self.pid), "-m", "-n", "-p", "chroot", self.disk, *command, timeout=timeout)

    def is_well(self):
        return self(*self.recipe.health).returncode == 0

    def processes(self):
        """(name, user, effective power) of each, once there are three."""
        rows = []
        for pid in [self.pid, *harness.processes(self.pid).values()]:
            with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
                said = dict(line.split(":\t", 1) for line in status if ":\t" in line)
            rows.append((said["Name"].strip(), int(said["Uid"].split()[0]), int(said["CapEff"], 16)))
        return sorted(set(rows)) if "listening" in self.said() else []

    def has_powerless_readers(self):
        rows = self.processes()
        return bool(rows) and all(power == 0 for name, _, power in rows if name != "exfild")

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        super().__exit__()


def prove(build, check):
    with tempfile.TemporaryDirectory(prefix="exfild-image-") as folder:
        deb = package.package(build, "0.1.0", folder)
        with Container(machine.cached_root(package.depends(deb) + package.INSTALLED), Recipe(), deb) as box:
            if not check(box.wait_for(box.is_well, 30), "it comes up, by its own HEALTHCHECK", box.said()):
                return
            rows = box.wait_for(box.processes, 10)
            check([row[0] for row in rows] == ["exfild", "exfild-capture", "exfild-core"], "its three processes run", rows)
            check(all(row[1] for row in rows), "none of them as root", rows)
            # power goes once the capture runs, which is a moment after it says so
            is_powerless = box.wait_for(box.has_powerless_readers, 10)
            check(is_powerless, "those that read what others say have no power", box.processes())
            machine.must("ip", "netns", "exec", box.lan, "tcpreplay", "-q", "-i", "eth0", "-M", "10", TUNNEL)
            check(box.wait_for(lambda: "dns_tunnel" in box("exfilctl", "alerts").stdout, 20), "a tunnel that crosses lan0 is told", box.said())
            os.kill(box.pid, signal.SIGTERM)
            try:
                check(box.process.wait(10) == 0, "it ends well when it is told to", box.said())
            except subprocess.TimeoutExpired:
                check(False, "it ends within ten seconds", box.said())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="the build tree to package")
    arguments = parser.parse_args()
    reason = machine.missing()
    if reason:
        harness.skip(reason)
    check = harness.Checks()
    try:
        prove(arguments.build, check)
    except machine.Impossible as why:
        harness.skip(str(why))
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
