#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""implants.py SCENARIO OUT: remote access tools and bots, written as packets from what is published of their protocols, and
programs that frame likewise. Inside is 10.20.1.0/24, outside 203.0.113.0/24 and 198.51.100.0/24. No dependency."""
import base64
import struct
import zlib

from conversation import Tcp, dns, write_scenario

VICTIM, RESOLVER = "10.20.1.10", "10.20.1.1"


def packed(text, prefix=b"Zx9kq"):
    body = zlib.compress(text)
    return prefix + struct.pack("<II", len(prefix) + 8 + len(body), len(text)) + body


def implant_packed(tape):
    """Gh0st's kind: five characters, two lengths, zlib; a log-in, then orders and answers."""
    c = Tcp(tape, 1, VICTIM, "203.0.113.70", 8181).open()
    c.send(0, packed(b"\x66" + bytes(160) + b"WS-17\0" + b"Windows 7 SP1\0" + tape.dice.randbytes(40)))
    c.send(1, packed(b"\x00"))
    for i in range(4):
        c.wait(9 + tape.dice.random())
        c.send(1, packed(bytes([0x10 + i])))
        c.send(0, packed(bytes([0x70 + i]) + b"C:\\Users\\ana\\" * (i + 2) + tape.dice.randbytes(30 + 200 * i)))
    c.close()


def numbered(text):
    return str(len(text)).encode() + b"\0" + text


def implant_fields(tape):
    """njRAT's kind: a length in figures, fields between marks, windows' titles as they change."""
    mark = b"|'|'|"
    c = Tcp(tape, 1, VICTIM, "203.0.113.71", 1177).open()
    hello = [b"ll", base64.b64encode(b"HacKed_4A1C"), b"WS-17", b"ana", b"26-02-01", b"", b"Win 10 Pro SP0 x64", b"No", b"0.7d",
             b"..", base64.b64encode(b"Inbox - Outlook\0"), b""]
    c.send(0, numbered(mark.join(hello)))
    c.send(0, numbered(mark.join([b"inf", base64.b64encode(b"HacKed\n203.0.113.71:1177\nTEMP\nsvc.exe\nTrue")])))
    for i in range(5):
        c.wait(6 + tape.dice.random())
        c.send(1, numbered(b""))
        c.send(0, numbered(b""))
        if i % 2:
            c.send(1, numbered(mark.join([b"proc", b"~"])))
            c.send(0, numbered(mark.join([b"proc", base64.b64encode(tape.dice.randbytes(300)), b"ok"])))
    c.close()


def implant_kept_alive(tape):
    """Mirai: 00 00 00 01 and an empty name, zeros each minute, one order of attack."""
    c = Tcp(tape, 1, VICTIM, "203.0.113.72", 23).open()
    c.send(0, b"\0\0\0\1")
    c.send(0, b"\4mips")
    for i in range(4):
        c.wait(60)
        c.send(0, b"\0\0")
        c.send(1, b"\0\0")
        if i == 2:
            order = struct.pack(">IBB", 60, 0, 1) + bytes([198, 51, 100, 9, 32]) + b"\1\7\x0280"
            c.send(1, struct.pack(">H", len(order) + 2) + order)
    c.close()


def implant_words(tape):
    """Gafgyt: BUILD, bare PING and PONG, orders with a mark and an asterisk."""
    c = Tcp(tape, 1, VICTIM, "203.0.113.73", 666).open()
    c.send(0, b"BUILD MIPSEL\n")
    for i in range(4):
        c.wait(30)
        c.send(1, b"PING\n")
        c.send(0, b"PONG\n")
        if i == 2:
            c.send(1, b"!* UDP 198.51.100.9 80 60 32 1024 10\n")
    c.close()


def implant_net_tcp(tape):
    """RedLine: .NET message framing to a bare address, calls of its contract, what it has collected."""
    def envelope(data):
        size, out = len(data), b""
        while size > 0x7F:
            out, size = out + bytes([size & 0x7F | 0x80]), size >> 7
        return b"\x06" + out + bytes([size]) + data

    via = b"net.tcp://203.0.113.74:19715/"
    c = Tcp(tape, 1, VICTIM, "203.0.113.74", 19715).open()
    c.send(0, b"\0\1\0\1\2\2" + bytes([len(via)]) + via + b"\3\x08\x0c")
    c.send(1, b"\x0b")
    for i in range(1, 5):
        action = b"http://tempuri.org/Entity/Id%d" % i
        c.send(0, envelope(b"V\x02\x0b\x01s\x04\x0b\x01a\x06V\x08D\x0a\x1e\x00\x82" + bytes([len(action)]) + action
                           + tape.dice.randbytes(200 * i * i)))
        c.send(1, envelope(b"V\x02\x0b\x01s\x04" + action + b"Response" + tape.dice.randbytes(40)))
    c.close()


def implant_reports(tape):
    """STRRAT: every five seconds what host it is, in fields."""
    c = Tcp(tape, 1, VICTIM, "203.0.113.75", 7888).open()
    for i in range(12):
        text = "ping|STRRAT|1BE8292C|DESKTOP-7Q|ana|Microsoft Windows 10 Pro|64-bit|Windows Defender|1.6|Connected|%ds|" % (5 * i)
        c.send(0, b"%d\r\n\r\n" % len(text) + text.encode())
        c.wait(5)
    c.close()


def udp_sweep(tape):
    """Cerber: the same few bytes to each address of two networks, never answered; another host asks peers that are gone, here and there."""
    for i in range(5):
        dns(tape, 0.1 + i, VICTIM, RESOLVER, "shop%d.example" % i, "203.0.113.%d" % (10 + i))
    for i in range(512):
        tape.udp(1 + 0.05 * i, VICTIM, 51234, "198.51.%d.%d" % (100 + i // 256, i % 256), 6893, b"hi1a2b3c4d5e6f")
        if i % 4 == 0:
            peer = "%d.%d.%d.%d" % tuple(tape.dice.randrange(1, 220) for _ in range(4))
            tape.udp(1 + 0.05 * i, "10.20.1.11", 16464, peer, 16464, tape.dice.randbytes(16))


def benign_frames(tape):
    """Programs with frames of their own: a game, a queue that pings, a thing that keeps alive, netstrings, .NET to a named host, a
    program that says what machine it needs, alarms in fields for a collector (CEF)."""
    dns(tape, 0.5, VICTIM, RESOLVER, "play.game.example", "198.51.100.40")
    c = Tcp(tape, 1, VICTIM, "198.51.100.40", 25565).open()
    for _ in range(20):  # a length, zlib, no prefix
        body = zlib.compress(tape.dice.randbytes(60))
        c.send(0, struct.pack("<H", len(body)) + body)
        c.send(1, struct.pack("<H", len(body)) + body)
    c.close()
    dns(tape, 2, VICTIM, RESOLVER, "queue.maker.example", "198.51.100.41")
    c = Tcp(tape, 3, VICTIM, "198.51.100.41", 4222).open()
    c.send(1, b'INFO {"server_id":"A","version":"2.10"}\r\n')
    c.send(0, b'CONNECT {"verbose":false}\r\nPING\r\n')
    c.send(1, b"PONG\r\n")
    for _ in range(4):
        c.wait(20)
        c.send(1, b"PING\r\n")
        c.send(0, b"PONG\r\n")
    c.close()
    c = Tcp(tape, 4, VICTIM, "198.51.100.42", 9000).open()
    for i in range(10):  # netstrings
        text = b'{"id":%d}' % i
        c.send(0, b"%d:%s," % (len(text), text))
        c.send(1, b"2:ok,")
    c.close()
    c = Tcp(tape, 5, VICTIM, "198.51.100.43", 5550).open()
    for _ in range(6):  # a number and zeros in frames of eight bytes
        c.send(0, b"\0\0\0\1\0\0\0\0")
        c.send(1, b"\0\0\0\1\0\0\0\0")
        c.wait(30)
    c.close()
    dns(tape, 6, VICTIM, RESOLVER, "erp.office.example", "198.51.100.44")
    via = b"net.tcp://erp.office.example:808/Orders"
    c = Tcp(tape, 7, VICTIM, "198.51.100.44", 808).open()
    c.send(0, b"\0\1\0\1\2\2" + bytes([len(via)]) + via + b"\3\x08\x09" + b"\x15application/negotiate")
    c.send(1, b"\x0a")
    c.close()
    c = Tcp(tape, 8, VICTIM, "198.51.100.40", 9000).open()
    for _ in range(4):
        c.send(0, b"HELLO|1.2.3|Windows 10|x64|en-US|GeForce|16384\n")
        c.send(1, b"OK\n")
    c.close()
    c = Tcp(tape, 9, VICTIM, "10.20.1.60", 1514).open()
    for _ in range(9):
        c.send(0, b"<134>Dec  1 10:00:00 ws7 CEF:0|Microsoft|Windows Defender|4.18|1116|Malware found on 64-bit host|7|suser=Administrator\n")
    c.close()


def framed(form, body):
    return struct.pack(form, len(body)) + body


def implant_framed(tape):
    """NanoCore's kind: a length, blocks of a cipher; a clock of half a minute, orders and answers."""
    dice = tape.dice
    c = Tcp(tape, 1, VICTIM, "203.0.113.75", 54984).open()
    c.send(0, framed("<I", dice.randbytes(136)))
    c.send(1, framed("<I", dice.randbytes(24)))
    for i in range(12):
        c.wait(30)
        c.send(0, framed("<I", dice.randbytes(16)))
        c.send(1, framed("<I", dice.randbytes(16)))
        if i % 3 == 1:
            c.wait(2 + dice.random())
            c.send(1, framed("<I", dice.randbytes(32)))
            c.send(0, framed("<I", dice.randbytes(8 * dice.randrange(20, 150))))
    c.close()


def benign_framed(tape):
    """A messenger that seals its frames, a game, a cloud of things by its address, a queue of records."""
    dice = tape.dice
    dns(tape, 0.5, VICTIM, RESOLVER, "chat.maker.example", "198.51.100.50")
    c = Tcp(tape, 1, VICTIM, "198.51.100.50", 5242).open()
    for i in range(12):
        c.send(0, framed(">I", dice.randbytes(dice.randrange(30, 400))))
        c.send(1, framed(">I", dice.randbytes(dice.randrange(30, 900))))
        c.wait(20)
        c.send(0, framed(">I", dice.randbytes(17)))
        c.send(1, framed(">I", dice.randbytes(17)))
    c.close()
    dns(tape, 2, VICTIM, RESOLVER, "world.game.example", "198.51.100.51")
    c = Tcp(tape, 3, VICTIM, "198.51.100.51", 7171).open()
    for i in range(60):
        c.send(0, framed("<H", dice.randbytes(8 * dice.randrange(1, 9))))
        c.send(1, framed("<H", dice.randbytes(8 * dice.randrange(1, 60))))
        c.wait(0.2 + dice.random() / 4)
    c.close()
    c = Tcp(tape, 4, VICTIM, "198.51.100.52", 8886).open()
    for i in range(20):
        text = b'{"dev":"plug-7","seq":%d,"power":%d.4,"on":true}' % (i, dice.randrange(90))
        c.send(0, framed(">H", text))
        c.send(1, framed(">H", b'{"ok":%d}' % i))
        c.wait(15)
    c.close()
    c = Tcp(tape, 5, VICTIM, "198.51.100.53", 9093).open()
    for i in range(20):
        c.send(0, framed(">I", struct.pack(">HHIH", 3, 9, i, 6) + b"client" + bytes(20) + b"orders" * 8))
        c.send(1, framed(">I", struct.pack(">I", i) + bytes(40) + b"orders" * 3))
        c.wait(5)
    c.close()


if __name__ == "__main__":
    write_scenario(__doc__, implant_packed, implant_fields, implant_kept_alive, implant_words, implant_net_tcp, implant_reports, udp_sweep,
                   implant_framed, benign_frames, benign_framed)
