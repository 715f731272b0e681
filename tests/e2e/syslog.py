#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""syslog.py --alerts PROGRAM: what listens for syslog gets every alert, in RFC 5424, by UDP, TCP, TLS and a socket.

A listener of our own takes each message apart by the grammar of RFC 5424 (6), over TCP and TLS by the octet counting of RFC 6587 (3.4.1) and RFC 5425;
it goes away in between and gets what it had not acknowledged again. A TLS listener that nobody vouches for gets nothing. Then a real rsyslogd, where
it is installed (rsyslog, rsyslog-openssl), by TCP and TLS, stopped and started again in between."""
import argparse
import contextlib
import glob
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import harness
from delivery import Sender, free_port, make_certificate

COUNT = 1000
# RFC 5424, 6: HEADER SP STRUCTURED-DATA [SP MSG]
MESSAGE = re.compile(
    r"<(?P<pri>0|[1-9]\d{0,2})>1 (?P<time>-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) "
    r"(?P<proc>[!-~]{1,128}) (?P<id>[!-~]{1,32}) (?P<sd>-|(?:\[[^ =\]\"]{1,32}(?: [^ =\]\"]{1,32}=\"(?:\\[\"\\\]]|[^\"\\\]])*\")*\])+)(?: (?P<msg>.*))?\Z", re.S)


def fault_of(message):
    """What RFC 5424 would not have, or ''."""
    text = message.decode("utf-8")
    found = MESSAGE.match(text)
    if not found:
        return "no message of RFC 5424: " + text[:150]
    if int(found["pri"]) > 191 or int(found["pri"]) // 8 != 16:
        return "priority " + found["pri"]
    number = re.search(r'\[meta sequenceId="(\d+)"\]', found["sd"])
    if not number or not 1 <= int(number[1]) <= 2147483647:
        return "sequenceId: " + found["sd"]
    if any(ord(c) < 0x20 for c in text):
        return "a control character"
    return "" if found["app"] == "exfild" and found["msg"] else "its name, or no text"


def frames(read):
    """Messages of a stream with octet counting; raises ValueError where it is none."""
    data = b""
    while True:
        more = read(65536)
        if not more:
            if data:
                raise ValueError("the end within a frame: " + repr(data[:60]))
            return
        data += more
        while (space := data.find(b" ", 0, 12)) >= 0:
            if not re.fullmatch(rb"[1-9]\d*", data[:space]):
                raise ValueError("no octet count: " + repr(data[:60]))
            end = space + 1 + int(data[:space])
            if len(data) < end:
                break
            yield data[space + 1:end]
            data = data[end:]


class Listener:
    """Takes messages over TCP or TLS until it is closed; each connection anew."""

    def __init__(self, port, folder=None):
        self.messages, self.faults = [], []
        self.context = None
        if folder:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(f"{folder}/ca.pem", f"{folder}/key.pem")
        self.server = socket.create_server(("127.0.0.1", port))
        self.peers = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer = self.server.accept()[0]
                peer = self.context.wrap_socket(peer, server_side=True) if self.context else peer
            except ssl.SSLError:
                continue
            except OSError:
                return
            self.peers.append(peer)
            try:
                for message in frames(peer.recv):
                    self.messages.append(message)
            except ValueError as err:
                self.faults.append(str(err))
            except OSError:
                pass

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        for peer in self.peers:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
            peer.close()


class Test:
    def __init__(self, options):
        self.options, self.check = options, harness.Checks()
        self.folder = None

    def sender(self, url, *sets, count=COUNT, rate=0, hold=True):
        shutil.rmtree(os.path.join(self.folder, "spool"), ignore_errors=True)
        arguments = ["--count", str(count)] + (["--rate", str(rate)] if rate else [])
        return Sender(self.options.alerts, self.folder, *arguments, sets=["redis.url=", "sinks.syslog.url=" + url, *sets], hold=hold)

    def judge(self, name, messages, numbers=None):
        """Each message well made, each alert there, the first copies in order."""
        faults = [fault for fault in map(fault_of, messages) if fault]
        self.check(messages and not faults, f"{name}: {len(messages)} messages of RFC 5424", faults[:3])
        seen = list(dict.fromkeys(int(re.search(rb'sequenceId="(\d+)"', m)[1]) for m in messages))
        self.check(seen == (numbers or list(range(1, COUNT + 1))), f"{name}: {len(seen)} alerts, in order, none missing", seen[:20])

    def stream(self, scheme):
        """The listener goes away twice."""
        folder = self.folder if scheme == "tls" else None
        port, messages, faults = free_port(), [], []
        listener = Listener(port, folder)
        sender = self.sender(f"{scheme}://localhost:{port}", f"sinks.syslog.ca_file={self.folder}/ca.pem", "sinks.syslog.format=json", rate=COUNT)
        for part in (4, 2):
            sender.wait_put(COUNT // part)
            listener.close()
            time.sleep(0.2)
            messages += listener.messages
            faults += [f for f in listener.faults if "within a frame" not in f]
            listener = Listener(port, folder)
        sender.wait_done()
        sender.drain()
        sender.stop()
        time.sleep(0.3)
        messages += listener.messages
        faults += listener.faults
        listener.close()
        self.check(not faults, f"{scheme}: frames are whole", faults)
        self.judge(scheme, messages)
        self.check(all(json.loads(m[m.index(b"{"):])["event"]["id"] for m in messages), f"{scheme}: each text is the alert")

    def strangers(self):
        """No certificate that it trusts, or one of another name: not a byte of an alert."""
        port = free_port()
        listener = Listener(port, self.folder)
        sender = self.sender(f"tls://127.0.0.1:{port}", rate=1000)
        sender.wait_done()
        sender.say("health")
        time.sleep(1)
        self.check(not listener.messages, "tls: nothing goes to who is not trusted")
        self.check(any("certificate" in line for line in sender.lines), "tls: and it is said why", sender.lines[-3:])
        sender.say(f"reload sinks.syslog.ca_file={self.folder}/ca.pem")
        sender.drain()
        sender.stop()
        self.judge("tls, mended by a reload", listener.messages)
        listener.close()

    def datagrams(self, scheme):
        family = socket.AF_UNIX if scheme == "unix" else socket.AF_INET
        path, port = os.path.join(self.folder, "log"), free_port()
        with socket.socket(family, socket.SOCK_DGRAM) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
            server.bind(path if scheme == "unix" else ("127.0.0.1", port))
            server.settimeout(0.5)
            sender = self.sender(f"unix://{path}" if scheme == "unix" else f"udp://127.0.0.1:{port}", rate=2000)
            messages, end = [], time.monotonic() + 60
            while len(messages) < COUNT and time.monotonic() < end:
                with contextlib.suppress(TimeoutError):
                    messages.append(server.recv(65536))
            sender.stop()
        self.judge(scheme, messages)

    def rsyslog(self, scheme):
        """What rsyslogd understood of it, as it says itself; a restart in between."""
        port, out = free_port(), os.path.join(self.folder, f"rsyslog-{scheme}.out")
        mode = "1" if scheme == "tls" else "0"
        config = os.path.join(self.folder, "rsyslog.conf")
        with open(config, "w", encoding="utf-8") as stream:
            stream.write(f"""global(workDirectory="{self.folder}" maxMessageSize="64k" defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="{self.folder}/ca.pem"
  defaultNetstreamDriverCertFile="{self.folder}/ca.pem" defaultNetstreamDriverKeyFile="{self.folder}/key.pem")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="{mode}" streamDriver.authMode="anon")
main_queue(queue.workerThreads="1")
input(type="imtcp" port="{port}" address="127.0.0.1")
template(name="all" type="list") {{ property(name="jsonmesg") constant(value="\\n") }}
action(type="omfile" file="{out}" template="all")
""")

        def start():
            return subprocess.Popen([shutil.which("rsyslogd"), "-n", "-iNONE", "-f", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        daemon = start()
        time.sleep(1)
        sender = self.sender(f"{scheme}://localhost:{port}", f"sinks.syslog.ca_file={self.folder}/ca.pem", rate=COUNT // 2)
        sender.wait_put(COUNT // 2)
        daemon.terminate()
        daemon.wait()
        daemon = start()
        sender.wait_done()
        sender.drain()
        sender.stop()
        time.sleep(1)
        daemon.terminate()
        daemon.wait()
        with open(out, encoding="utf-8") as stream:
            lines = [json.loads(line) for line in stream]
        own = [line for line in lines if line["app-name"] == "exfild"]
        numbers = list(dict.fromkeys(int(re.search(r'sequenceId="(\d+)"', line["structured-data"])[1]) for line in own))
        lost = sorted(set(range(1, COUNT + 1)) - set(numbers))
        # what its kernel had taken, and it had not read when it was stopped, is beyond what syslog can promise
        self.check(len(lost) <= 64 and numbers == sorted(numbers), f"rsyslogd, {scheme}: {len(numbers)} of {COUNT} alerts, in order",
                   (lost, [pair for pair in zip(numbers, numbers[1:]) if pair[0] + 1 != pair[1]]))
        good = [line for line in own if line["hostname"] == "sensor" and line["msgid"] == "dns_tunnel" and line["msg"].lstrip().startswith("CEF:0|exfild|")]
        self.check(own and len(good) == len(own), f"rsyslogd, {scheme}: it understood host, name, kind and text", own[:1])
        return len(lost)

    def run(self):
        for name in ("tcp", "tls"):
            self.each(self.stream, name)
        for name in ("udp", "unix"):
            self.each(self.datagrams, name)
        self.each(self.strangers)
        has_daemon = shutil.which("rsyslogd") and glob.glob("/usr/lib/*/rsyslog/lmnsd_ossl.so")
        lost = [self.each(self.rsyslog, name) for name in ("tcp", "tls")] if has_daemon else []
        note = f"rsyslogd, stopped in between, had read all but {lost} (tcp, tls)" if has_daemon else "rsyslogd or its TLS (Debian package rsyslog-openssl) is not installed: not tried"
        return self.check.end(note)

    def each(self, scenario, *arguments):
        self.folder = tempfile.mkdtemp(prefix="exfild-syslog-")
        try:
            if not make_certificate(self.folder):
                harness.skip("openssl makes no certificate")
            return scenario(*arguments)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", required=True)
    return Test(parser.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())
