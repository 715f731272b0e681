#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""dns_answers.py SCENARIO OUT: long answers of name servers over TCP.

Inside is 10.20.1.0/24, outside 203.0.113.0/24. No dependency."""
import struct

from conversation import Tcp, dns_name, write_scenario

SIG, DNSKEY, RRSIG, NAME = 24, 48, 46, b"\xc0\x0c"


def message(number, name, kind, answers, flags):
    head = struct.pack(">HHHHHH", number, flags, 1, len(answers), 0, 0)
    records = b"".join(NAME + struct.pack(">HHIH", kind_of, 1, 300, len(data)) + data for kind_of, data in answers)
    return head + dns_name(name) + struct.pack(">HH", kind, 1) + records


def signature(tape, signer, size):
    """RFC 4034 3.1: type covered, algorithm, labels, TTL, two times, key tag, signer, signature."""
    return struct.pack(">HBBIIIH", 1, 8, 2, 300, 1900000000, 1700000000, 4711) + signer + tape.dice.randbytes(size)


def over_tcp(tape, at, client, server, name, kind, answers):
    """The question is answered by 'cut short' and comes again over TCP."""
    port, number = tape.client_port(), tape.dice.randrange(65536)
    tape.udp(at, client, port, server, 53, message(number, name, kind, [], 0x0100))
    tape.udp(at + 0.01, server, 53, client, port, message(number, name, kind, [], 0x8380))
    c = Tcp(tape, at + 0.02, client, server, 53).open()
    for side, data in ((0, message(number, name, kind, [], 0x0100)), (1, message(number, name, kind, answers, 0x8180))):
        c.send(side, struct.pack(">H", len(data)) + data)
    c.close()


def dns_long_signature(tape):
    """The asked server is the attacker's: one signature fills what a message can hold, its signer points into the question."""
    over_tcp(tape, 1, "10.20.1.20", "203.0.113.66", "9.away.example", SIG, [(SIG, signature(tape, b"\xc0\x0d", 65400))])


def benign_dns_signatures(tape):
    """A validating resolver: keys and their signatures, all signatures of a name, by long keys."""
    for i in range(20):
        name = "zone%d.example" % i
        signed = [(RRSIG, signature(tape, dns_name(name), 512)) for _ in range(10)]
        over_tcp(tape, 1 + 5 * i, "10.20.1.20", "203.0.113.53", name, DNSKEY,
                 [(DNSKEY, struct.pack(">HBB", 257, 3, 8) + tape.dice.randbytes(516)) for _ in range(4)] + signed[:2])
        over_tcp(tape, 3 + 5 * i, "10.20.1.20", "203.0.113.53", name, RRSIG, signed)


if __name__ == "__main__":
    write_scenario(__doc__, dns_long_signature, benign_dns_signatures)
