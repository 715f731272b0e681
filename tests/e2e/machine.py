# SPDX-License-Identifier: MIT
"""A gateway of its own for package.py: Debian with systemd as process 1, in a container of 512 MB between two networks,
on an overlay of a cached root, which no run changes.

Needs root, systemd-nspawn, debootstrap (the first time, with a Debian mirror) and iproute2. The root is kept in
$EXFILD_TEST_ROOT, else in /var/cache/exfild-test.
"""
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time

CACHE = os.environ.get("EXFILD_TEST_ROOT", "/var/cache/exfild-test")
SUITE = "bookworm"
PACKAGES = "systemd,systemd-sysv,dbus,iproute2,procps"
MEMORY = 512 << 20
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", "TERM": "dumb"}


class Impossible(Exception):
    """Why there cannot be such a machine here."""


def call(*command, timeout=300):
    """Runs it in a session of its own, which is killed as a whole when the time is up; into a file, since a pipe would be
    held by what it leaves behind."""
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            process.wait(timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        out.seek(0)
        return subprocess.CompletedProcess(command, process.returncode, out.read().decode("utf-8", "replace"))


def must(*command, timeout=300):
    try:
        done = call(*command, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Impossible(f"{' '.join(command)[:120]}: not done after {timeout} s") from None
    if done.returncode:
        raise Impossible(f"{' '.join(command)[:120]}: {done.stdout.strip().splitlines()[-1:] or done.returncode}")
    return done.stdout


def missing():
    """What is missing on this machine, in a sentence, or ''."""
    if os.geteuid() != 0:
        return "it needs root for a container"
    for program, package in (("systemd-nspawn", "systemd-container"), ("debootstrap", "debootstrap"), ("ip", "iproute2"),
                             ("iodine", "iodine"), ("tcpreplay", "tcpreplay"), ("dpkg-shlibdeps", "dpkg-dev"), ("fakeroot", "fakeroot"),
                             ("nsenter", "util-linux"), ("ping", "iputils-ping")):
        if not shutil.which(program):
            return f"Debian package {package} is missing: scripts/deps package"
    return ""


def cached_root(needs):
    """The folder of a Debian with systemd that has the packages `needs` as well; made when it is not there."""
    os.makedirs(CACHE, exist_ok=True)
    root = os.path.join(CACHE, SUITE)
    with open(os.path.join(CACHE, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(root):
            fresh = root + ".new"
            shutil.rmtree(fresh, ignore_errors=True)
            mirror = os.environ.get("EXFILD_TEST_MIRROR", "http://deb.debian.org/debian")
            must("debootstrap", "--variant=minbase", "--include=" + PACKAGES, SUITE, fresh, mirror)
            os.rename(fresh, root)
        have = call("chroot", root, "dpkg-query", "-W", "-f", "${Package}\n").stdout.split()
        absent = sorted(set(needs) - set(have))
        if absent:
            call("chroot", root, "apt-get", "update", "-q")
            policy = os.path.join(root, "usr/sbin/policy-rc.d")
            with open(policy, "w", encoding="ascii") as out:
                out.write("#!/bin/sh\nexit 101\n")
            os.chmod(policy, 0o755)
            try:
                must("chroot", root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q",
                     "--no-install-recommends", *absent)
            finally:
                os.remove(policy)
    return root


def memory_group(name):
    """A control group that holds at most MEMORY, of either version; '' where the machine has none to give."""
    for parent, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        group = os.path.join(parent, name)
        try:
            os.mkdir(group)
        except OSError:
            continue
        try:
            with open(os.path.join(group, limit), "w", encoding="ascii") as out:
                out.write(str(MEMORY))
            return group
        except OSError:
            os.rmdir(group)
    return ""


class Machine:
    """Boots on entry, is gone on exit.  lan0 leads to the namespace `lan` (10.20.1.10), wan0 with the default route to
    `world` (203.0.113.20); it routes between them."""

    def __init__(self, root):
        self.root, self.pid, self.process = root, 0, None
        self.place = tempfile.mkdtemp(prefix="exfild-machine-")
        self.gateway, self.lan, self.world = (f"exf-{name}-{os.getpid()}" for name in ("gw", "lan", "world"))
        self.disk = os.path.join(self.place, "disk")
        self.console = os.path.join(self.place, "console")
        self.group = memory_group(f"exfild-test-{os.getpid()}")

    def __enter__(self):
        try:
            self.make_disk()
            self.make_network()
            self.boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make_disk(self):
        memory = os.path.join(self.place, "memory")  # an overlay's upper folder must not be on an overlay itself
        os.mkdir(self.disk)
        os.mkdir(memory)
        must("mount", "-t", "tmpfs", "-o", "size=1g", "exfild-test", memory)
        for name in ("upper", "work"):
            os.mkdir(os.path.join(memory, name))
        must("mount", "-t", "overlay", "exfild-test", "-o",
             f"lowerdir={self.root},upperdir={memory}/upper,workdir={memory}/work", self.disk)

    def make_network(self):
        for name in (self.gateway, self.lan, self.world):
            must("ip", "netns", "add", name)
            must("ip", "-n", name, "link", "set", "lo", "up")
        for name, near, subnet, host in ((self.lan, "lan0", "10.20.1", 10), (self.world, "wan0", "203.0.113", 20)):
            must("ip", "link", "add", near, "netns", self.gateway, "type", "veth", "peer", "name", "eth0", "netns", name)
            must("ip", "-n", self.gateway, "addr", "add", subnet + ".1/24", "dev", near)
            must("ip", "-n", name, "addr", "add", f"{subnet}.{host}/24", "dev", "eth0")
            must("ip", "-n", self.gateway, "link", "set", near, "up")
            must("ip", "-n", name, "link", "set", "eth0", "up")
            must("ip", "-n", name, "route", "add", "default", "via", subnet + ".1")
        must("ip", "-n", self.gateway, "route", "add", "default", "via", "203.0.113.20")
        must("ip", "netns", "exec", self.gateway, "sysctl", "-qw", "net.ipv4.ip_forward=1")

    def boot(self):
        # a console of pipes asks nothing; should this test be killed, the container goes down with it
        command = ["setpriv", "--pdeathsig", "TERM", "systemd-nspawn", "-q", "-D", self.disk, "-b", "--register=no", "--keep-unit",
                   "--machine=exfild-test", "--network-namespace-path=/run/netns/" + self.gateway, "--console=pipe",
                   "--resolv-conf=off", "--timezone=off"]
        if self.group:
            command = ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', self.group, *command]
        with open(self.console, "wb") as console:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
        self.pid = self.wait_for(self.first_process, 20)
        if not self.pid or not self.wait_for(self.is_up, 40):
            raise Impossible("systemd does not boot in a container here: " + self.said()[-400:])

    def said(self):
        with open(self.console, encoding="utf-8", errors="replace") as console:
            return console.read()

    def first_process(self):
        if self.process.poll() is not None:
            raise Impossible("systemd-nspawn ends: " + self.said()[-400:])
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as children:
            for child in children.read().split():
                with open(f"/proc/{child}/status", encoding="ascii", errors="replace") as status:
                    numbers = [line.split() for line in status if line.startswith("NSpid:")]
                if numbers and numbers[0][-1] == "1" and len(numbers[0]) > 2:
                    return int(child)
        return 0

    def is_up(self):
        return self("systemctl", "is-system-running", timeout=10).stdout.strip() in ("running", "degraded")

    @staticmethod
    def wait_for(condition, seconds, pause=0.1):
        """What `condition` returns once it is true; its last answer when the time is up."""
        deadline = time.monotonic() + seconds
        while True:
            answer = condition()
            if answer or time.monotonic() > deadline:
                return answer
            time.sleep(pause)

    def command(self, *command):
        env = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        return ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-C", "env", "-i", *env, *command]

    def __call__(self, *command, timeout=60):
        """Runs inside, as root."""
        return call(*self.command(*command), timeout=timeout)

    def write(self, path, text, mode=0o644):
        subprocess.run(self.command("sh", "-c", f"umask 077; cat > '{path}'; chmod {mode:o} '{path}'"), input=text, text=True,
                       check=True, timeout=60)

    def copy_in(self, path):
        """A file of this machine into /root there."""
        with open(path, "rb") as stream:
            subprocess.run(self.command("sh", "-c", f"cat > '/root/{os.path.basename(path)}'"), stdin=stream, check=True, timeout=60)
        return "/root/" + os.path.basename(path)

    def pids(self, name):
        """The processes of a unit, as this machine numbers them, by the unit's name."""
        said = self("systemctl", "show", "-P", "ControlGroup", name).stdout.strip()
        found = self("sh", "-c", f"cat '/sys/fs/cgroup/systemd{said}/cgroup.procs' || cat '/sys/fs/cgroup{said}/cgroup.procs'") if said else None
        return [int(word) for word in found.stdout.split() if word.isdigit()] if found else []

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            if self.pid:
                self("systemctl", "poweroff", "--force", "--force", timeout=10)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for name in (self.gateway, self.lan, self.world):
            call("ip", "netns", "del", name)
        for name in ("disk", "memory"):
            call("umount", os.path.join(self.place, name))
        shutil.rmtree(self.place, ignore_errors=True)
        if self.group:
            self.wait_for(self.drop_group, 5)

    def drop_group(self):
        try:
            os.rmdir(self.group)
        except OSError:
            return False
        return True
