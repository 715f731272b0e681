#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""askers.py SCENARIO OUT: files in the words of text protocols that no inspector reads, and what is said there every day.

Inside is 10.20.1.0/24, outside 203.0.113.0/24. No dependency."""
import base64
import json

from conversation import Tcp, dns, write_scenario


def coded(tape, size):
    return base64.b64encode(tape.dice.randbytes(size)).decode()


def cut(text, size):
    return [text[at:at + size] for at in range(0, len(text), size)]


def server_of(client):
    return "203.0.113.%d" % (100 + int(client.rsplit(".", 1)[1]))


def named(tape, client):
    dns(tape, 0.5, client, "10.20.1.1", "server%s.example" % client.rsplit(".", 1)[1], server_of(client))


def ask(tape, at, client, port, question, answer):
    """One question, one connection, as whois and finger have it (RFC 3912, RFC 1288)."""
    c = Tcp(tape, at, client, server_of(client), port).open()
    c.ask(question.encode() + b"\r\n", answer)
    c.close()


def talk(tape, at, client, port, turns, greeting=None, gap=1):
    c = Tcp(tape, at, client, server_of(client), port).open()
    if greeting:
        c.send(1, greeting)
    for up, down in turns:
        c.send(0, up if isinstance(up, bytes) else up.encode())
        if down:
            c.send(1, down)
        c.wait(gap)
    c.close()


def text_words(tape):
    """12 kB each: whois by base64, whois by hexadecimal names, a dictionary, a newsgroup, a queue, a file by XMPP."""
    for i, piece in enumerate(cut(coded(tape, 9000), 200)):
        ask(tape, 1 + 2 * i, "10.20.1.10", 43, piece, b"No match.\r\n")
    for i, piece in enumerate(cut(tape.dice.randbytes(6000).hex(), 56)):
        ask(tape, 2 + 2 * i, "10.20.1.11", 43, piece + ".com", b'No match for domain "X.COM".\r\n')
    words = [("DEFINE * %s\r\n" % piece, b"552 no match\r\n") for piece in cut(coded(tape, 9000), 300)]
    talk(tape, 3, "10.20.1.12", 2628, [("CLIENT words\r\n", b"250 ok\r\n")] + words, b"220 dictd 1.12.1\r\n")
    article = "From: a <a@a.example>\r\nNewsgroups: alt.test\r\nSubject: x\r\n\r\n" + "\r\n".join(cut(coded(tape, 9000), 72)) + "\r\n.\r\n"
    talk(tape, 4, "10.20.1.13", 119, [("MODE READER\r\n", b"200 ok\r\n"), ("POST\r\n", b"340 send\r\n"), (article, b"240 posted\r\n")], b"200 news ready\r\n")
    sends = [("SEND\ndestination:/queue/a\ncontent-length:%d\n\n%s\0" % (len(piece), piece), None) for piece in cut(coded(tape, 9000), 1000)]
    talk(tape, 5, "10.20.1.14", 61613, [("CONNECT\naccept-version:1.2\nhost:q\n\n\0", b"CONNECTED\nversion:1.2\n\n\0")] + sends)
    opened = "<iq type='set' id='o' to='b@x.example/r'><open xmlns='http://jabber.org/protocol/ibb' block-size='4096' sid='i' stanza='iq'/></iq>"
    pieces = [("<iq type='set' id='d%d' to='b@x.example/r'><data xmlns='http://jabber.org/protocol/ibb' seq='%d' sid='i'>%s</data></iq>"
               % (i, i, piece), b"<iq type='result'/>") for i, piece in enumerate(cut(coded(tape, 9000), 4096))]
    stream = ("<?xml version='1.0'?><stream:stream to='x.example' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
              b"<?xml version='1.0'?><stream:stream from='x.example' id='1' xmlns='jabber:client' version='1.0'>")
    talk(tape, 6, "10.20.1.15", 5222, [stream, (opened, b"<iq type='result' id='o'/>")] + pieces)


def benign_text_words(tape):
    """Many names asked of whois, digests for git, signed articles, queues of JSON, people who chat encrypted, miners' work, a request for a certificate."""
    for n in range(20, 28):
        named(tape, "10.20.1.%d" % n)
    at = 1
    for i in range(320):
        name = ("shop-of-%d-north-and-south-trading.example" % i, "xn--mgbh0fb%dd7a.example" % i, "2001:db8:%x::1" % i, "AS%d" % (64000 + i),
                "--show-handles NETBLK-ACME%d-PARENT" % i)[i % 5]
        at += tape.dice.expovariate(1 / 4)
        ask(tape, at, "10.20.1.20", 43, name, b"domain: x\r\nstatus: active\r\n" * 30)
    for i in range(20):
        at = 2 + 9 * i + 8 * tape.dice.random()
        ask(tape, at, "10.20.1.21", 79, "ann.meyer%d@hosts.example" % i, b"Login: ann\r\n")
        ask(tape, at + 1, "10.20.1.21", 70, "/archive/2024/letters-to-the-editor-%d.txt" % i, b"iText\tfake\t(NULL)\t0\r\n.\r\n")
    wants = "".join("0032want %040x\n" % tape.dice.getrandbits(160) for _ in range(400))
    talk(tape, 3, "10.20.1.22", 9418, [("0033git-upload-pack /project.git\0host=git.example\0", b"0000"), (wants + "00000009done\n", b"PACK\0\0\0\2")])
    signed = "From: a\r\nNewsgroups: comp.lang.c\r\n\r\n" + "What do you think of this way to read a line?\r\n" * 60
    signed += "-----BEGIN PGP SIGNATURE-----\r\n\r\n" + "\r\n".join(cut(coded(tape, 560), 64)) + "\r\n-----END PGP SIGNATURE-----\r\n.\r\n"
    talk(tape, 4, "10.20.1.23", 119, [("POST\r\n", b"340 send\r\n"), (signed, b"240 posted\r\n")] * 8, b"200 news ready\r\n")
    orders = [("SEND\ndestination:/queue/orders\n\n%s\0" % json.dumps({"order": n, "customer": "c-%d" % n, "items": ["bolt", "nut", "washer"] * 9}), None) for n in range(60)]
    talk(tape, 5, "10.20.1.24", 61613, [("CONNECT\naccept-version:1.2\nhost:q\n\n\0", b"CONNECTED\nversion:1.2\n\n\0")] + orders)
    stream = ("<?xml version='1.0'?><stream:stream to='x.example' xmlns='jabber:client'>", b"<?xml version='1.0'?><stream:stream from='x.example' id='1'>")
    sealed = [("<message to='b@x.example' type='chat'><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'><key rid='2'>%s</key></header>"
               "<payload>%s</payload></encrypted></message>" % (coded(tape, 180), coded(tape, 90)), None) for _ in range(60)]
    talk(tape, 6, "10.20.1.25", 5222, [stream] + sealed, gap=20)
    share = [(json.dumps({"id": n, "method": "mining.submit", "params": ["worker", "%08x" % n, "00000000", "%08x" % (n * 77), "%08x" % (n * 99)],
                          "result": "%064x" % tape.dice.getrandbits(256)}) + "\n", b'{"result":true}\n') for n in range(200)]
    talk(tape, 7, "10.20.1.26", 3333, share, gap=4)
    request = "-----BEGIN CERTIFICATE REQUEST-----\n" + "\n".join(cut(coded(tape, 900), 64)) + "\n-----END CERTIFICATE REQUEST-----\n"
    talk(tape, 8, "10.20.1.27", 8555, [("ENROL device-7\n" + request, b"OK\n")])


if __name__ == "__main__":
    write_scenario(__doc__, text_words, benign_text_words)
