# SPDX-License-Identifier: MIT
"""A machine with a kernel of its own, for tests of what the kernel of this one lacks, and of a power cut.

QEMU (KVM where there is one, else it computes) boots a kernel that is installed here (Debian's linux-image-amd64) with an initramfs that
loads modules and mounts this machine's root, read-only, over 9p: programs are run where they are, and nothing is installed. No rights are
needed. One folder of this machine is its /run/share, and outlives it."""
import contextlib
import glob
import lzma
import os
import platform
import selectors
import shutil
import subprocess
import time

BIN = "/usr/sbin:/usr/bin:/sbin:/bin"
# what its initramfs is made of: programs of this machine, with their libraries
PROGRAMS = ("dash", "kmod", "mount", "chroot", "mkdir")
CARRIERS = ("virtio_pci", "9pnet_virtio", "9p")
OPTIONS = "trans=virtio,version=9p2000.L,msize=512000,cache=loose"
XZ, ELF = b"\xfd7zXZ\0", b"\x7fELF"
INIT = """#!/bin/dash
export PATH=/bin
mount -t proc proc /proc
for each in {files}; do insmod $each 2> /dev/null; done
mount -t 9p -o {options},ro root /root
for each in proc:proc sysfs:sys devtmpfs:dev tmpfs:run; do mount -t ${{each%:*}} ${{each%:*}} /root/${{each#*:}}; done
mkdir /root/run/share
mount -t 9p -o {options} share /root/run/share
export PATH={path} TMPDIR=/run HOME=/run PYTHONDONTWRITEBYTECODE=1
chroot /root modprobe -a {modules}
exec chroot /root /bin/sh /run/share/command
"""


def kernel(modules):
    """(version, why not): the newest kernel of this machine that has these modules."""
    if platform.machine() != "x86_64":
        return None, "the machine of its own is an x86-64"
    for program, package in (("qemu-system-x86_64", "qemu-system-x86"), ("modprobe", "kmod"), ("ldd", "libc-bin")):
        if not shutil.which(program, path=BIN):
            return None, f"Debian package {package} is missing"
    for image in sorted(glob.glob("/boot/vmlinuz-*"), key=os.path.getmtime, reverse=True):
        version = image.split("-", 1)[1]
        if os.access(image, os.R_OK) and files_of(version, [*CARRIERS, *modules]):
            return version, ""
    return None, f"no kernel in /boot has {', '.join((*CARRIERS, *modules))}: Debian package linux-image-amd64"


def files_of(version, modules):
    """The files of the modules and of what they need, in the order in which they load; [] where one is missing."""
    done = subprocess.run([shutil.which("modprobe", path=BIN), "-a", "-S", version, "--show-depends", *modules], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    words = [line.split() for line in done.stdout.splitlines()]
    return [] if done.returncode else list(dict.fromkeys(w[1] for w in words if w[0] == "insmod"))


def libraries(program):
    out = subprocess.run(["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    words = [line.split() for line in out.splitlines()]
    return [w[2] if "=>" in w else w[0] for w in words if w and (w[0].startswith("/") or "=>" in w)]


class Archive:
    """An initramfs: cpio, "newc", in a file."""

    def __init__(self, path):
        self.out, self.number, self.folders = open(path, "wb"), 0, {"/"}

    def entry(self, name, mode, data):
        self.number += 1
        raw = name.lstrip("/").encode() + b"\0"
        fields = (self.number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
        self.out.write(b"070701" + b"".join(b"%08x" % f for f in fields) + raw)
        self.pad()
        self.out.write(data)
        self.pad()

    def pad(self):
        self.out.write(b"\0" * (-self.out.tell() % 4))

    def folder(self, name):
        if name not in self.folders:
            self.folder(os.path.dirname(name))
            self.folders.add(name)
            self.entry(name, 0o40755, b"")

    def file(self, name, data):
        self.folder(os.path.dirname(name))
        self.entry(name, 0o100755, data)

    def copy(self, name, path):
        with open(path, "rb") as stream:
            self.file(name, stream.read())

    def close(self):
        self.entry("TRAILER!!!", 0, b"")
        self.out.close()


def make_initramfs(path, version, modules):
    archive, libs = Archive(path), set()
    for folder in ("/proc", "/root"):
        archive.folder(folder)
    for name in PROGRAMS:
        program = os.path.realpath(shutil.which(name, path=BIN))
        archive.copy("/bin/" + {"kmod": "insmod"}.get(name, name), program)
        libs.update(libraries(program))
    for library in sorted(libs):
        archive.copy(library, library)
    files = files_of(version, CARRIERS)
    for file in files:
        archive.copy(file, file)
    archive.file("/init", INIT.format(files=" ".join(files), modules=" ".join(modules), options=OPTIONS, path=BIN).encode())
    archive.close()


def unpack(image, path):
    """The kernel as it boots, where it is packed by xz: a processor that is computed takes long for it."""
    with open(image, "rb") as stream:
        data = stream.read()
    with contextlib.suppress(lzma.LZMAError):
        whole = lzma.LZMADecompressor().decompress(data[data.index(XZ):]) if XZ in data else b""
        if whole.startswith(ELF):
            with open(path, "wb") as out:
                out.write(whole)
            return path
    return image


class Machine:
    """Keeps what it boots in `folder`; `folder`/share outlives each boot."""

    def __init__(self, version, modules, folder, seconds):
        self.seconds, self.said, self.share = seconds, [], os.path.join(folder, "share")
        os.mkdir(self.share)
        initramfs, drives = os.path.join(folder, "initramfs"), []
        make_initramfs(initramfs, version, modules)
        for tag, path, more in (("root", "/", ",readonly=on"), ("share", self.share, "")):
            drives += ["-fsdev", f"local,id={tag},path={path},security_model=none,multidevs=remap{more}",
                       "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
        accelerator = "kvm" if os.access("/dev/kvm", os.W_OK) else "tcg"
        self.command = [shutil.which("qemu-system-x86_64", path=BIN), "-M", "q35,accel=" + accelerator, "-cpu", "max", "-m", "512", "-nodefaults",
                        "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot", "-initrd", initramfs, "-kernel",
                        unpack("/boot/vmlinuz-" + version, os.path.join(folder, "kernel")), "-append",
                        "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check", *drives]

    @contextlib.contextmanager
    def boot(self, command):
        """Boots, runs the command as root and gives the lines of the console as they come; cuts the power at the end."""
        with open(os.path.join(self.share, "command"), "w", encoding="utf-8") as out:
            out.write(command + "\n")
        with subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            try:
                yield self.lines(process.stdout)
            finally:
                process.kill()

    def lines(self, console):
        deadline, rest = time.monotonic() + self.seconds, b""
        with selectors.DefaultSelector() as selector:
            selector.register(console, selectors.EVENT_READ)
            while selector.select(max(0, deadline - time.monotonic())):
                data = os.read(console.fileno(), 65536)
                if not data:
                    return
                *whole, rest = (rest + data).split(b"\n")
                for line in whole:
                    self.said.append(line.decode("utf-8", "replace").rstrip("\r"))
                    yield self.said[-1]
