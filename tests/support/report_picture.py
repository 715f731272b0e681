#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""report_picture.py --exfild PROGRAM FOLDER: the pictures of the report that README.md shows, of all shipped captures.

report.png: its begin; report_used.png: the part "What is used". Needs Chromium. For --look: both dark and at phone width too."""
import argparse
import base64
import glob
import os
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SOURCE, "tests", "e2e"))
import browser  # noqa: E402  pylint: disable=wrong-import-position

WIDE, PHONE = 900, 390
PICTURES = (("report", "body", 1010), ("report_used", "#inventory", 1180))


def shoot(page, path, selector, size, dark):
    width, height = size
    page.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
    top = page.value(f"document.querySelector('{selector}').getBoundingClientRect().top + window.scrollY")
    clip = {"x": 0, "y": top, "width": width, "height": height, "scale": 1}
    with open(path, "wb") as stream:
        stream.write(base64.b64decode(page.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exfild", required=True)
    parser.add_argument("--look", action="store_true")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temp:
        html = os.path.join(temp, "report.html")
        captures = [word for path in sorted(glob.glob(os.path.join(SOURCE, "tests", "replay", "*", "input.pcap"))) for word in ("-r", path)]
        subprocess.run([arguments.exfild, "-q", *captures, "--report", html], stdout=subprocess.DEVNULL, check=False)
        page = browser.Page(browser.find(), "file://" + html)
        page.until("document.readyState === 'complete'")
        for name, selector, height in PICTURES:
            shoot(page, os.path.join(arguments.folder, name + ".png"), selector, (WIDE, height), False)
            if arguments.look:
                shoot(page, os.path.join(arguments.folder, name + "_dark.png"), selector, (WIDE, height), True)
                shoot(page, os.path.join(arguments.folder, name + "_phone.png"), selector, (PHONE, height), False)
        page.close()


if __name__ == "__main__":
    main()
