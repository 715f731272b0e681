# SPDX-License-Identifier: MIT
"""A Chromium that opens one file, or a page that goes on, and says what came of it. Nothing of it goes out: names do not resolve."""
import base64
import json
import os
import re
import select
import shutil
import subprocess
import tempfile
import time

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


class Page:
    """A page of a server on 127.0.0.1, open until it is closed, by Chromium's protocol for its tools over two pipes."""

    def __init__(self, program, url):
        self.folder = tempfile.TemporaryDirectory()
        self.console, self.requests, self.buffer, self.number, self.session = [], set(), b"", 0, None
        to_read, self.to = os.pipe()
        self.out, out_write = os.pipe()
        flags = [flag.replace("~NOTFOUND", "~NOTFOUND , EXCLUDE 127.0.0.1") for flag in FLAGS]
        # it talks by its descriptors 3 and 4; others stay out of the way of these
        self.child = subprocess.Popen(["/bin/bash", "-c", f'exec 3<&{to_read} 4>&{out_write}; exec "$@"', "bash", program, *flags,
                                       "--remote-debugging-pipe", f"--user-data-dir={self.folder.name}", "about:blank"],
                                      pass_fds=(to_read, out_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(out_write)
        target = next(t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Page", "Network"):
            self.ask(domain + ".enable")
        self.ask("Page.navigate", url=url)

    def read(self, seconds):
        """The next message, or None."""
        deadline = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.out], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.out, 1 << 20) if ready else b""
            if not more:
                return None
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(line)
        about, what = message.get("method", ""), message.get("params", {})
        if about == "Network.requestWillBeSent":
            self.requests.add(what["request"]["url"])
        elif about in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            self.console.append(json.dumps(what)[:500])
        return message

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read(60)
            if answer is None:
                raise TimeoutError(method)
            if answer.get("id") == self.number:
                return answer.get("result", {})

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True).get("result", {}).get("value")

    def until(self, expression, seconds=15):
        """Whether the expression becomes true."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.value(expression):
                return True
            self.read(0.1)
        return False

    def shoot(self, image, width, height, dark=False):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        with open(image, "wb") as f:
            f.write(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))

    def close(self):
        self.ask("Browser.close")
        self.child.wait(timeout=20)
        os.close(self.to)
        os.close(self.out)
        self.folder.cleanup()
