# SPDX-License-Identifier: MIT
"""A Chromium that opens one file and says what came of it. Nothing of it goes out: names do not resolve."""
import os
import re
import shutil
import subprocess
import tempfile

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr",
         "--host-resolver-rules=MAP * ~NOTFOUND"]
# what a Chromium asks for by itself, whatever page is open
OWN = re.compile(r"^https?://([a-z0-9-]+\.)*(google|googleapis|gvt1|gstatic)\.com/|^chrome")


def find():
    """Its path, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Seen:
    def __init__(self, dom, console, requests):
        self.dom, self.console, self.requests = dom, console, requests


def run(program, path, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "net.json")
        result = subprocess.run([program, *FLAGS, f"--user-data-dir={folder}", f"--log-net-log={log}", *arguments, "file://" + path],
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=True)
        err = result.stderr.decode("utf-8", "replace")
        with open(log, encoding="utf-8", errors="replace") as f:
            asked = {url for url in re.findall(r'"url":"([^"]+)"', f.read()) if not OWN.search(url)}
    return Seen(result.stdout.decode("utf-8", "replace"), [line for line in err.splitlines() if "CONSOLE" in line], asked)


def dom(program, path):
    """What the page is when its scripts are done; what it said on the console; the addresses that it asked for."""
    return run(program, path, "--virtual-time-budget=5000", "--dump-dom")


def shoot(program, path, image, width, height, dark=False):
    look = ["--blink-settings=preferredColorScheme=0"] if dark else []
    return run(program, path, f"--window-size={width},{height}", f"--screenshot={image}", *look)
