#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""smb_odd.py SERVER: what is known of MS17-010 and DoublePulsar, on the wire of SMB 1, without code that does anything.

A null session to IPC$, then: a peek of pipe 0 (the public test for MS17-010), a trans2 session setup (the question for
DoublePulsar), and in a second connection an nt_trans whose rest comes as trans2 secondaries (EternalBlue's change of kind).
"""
import socket
import struct
import sys

PID = 65279


class Session:
    def __init__(self, server):
        self.s = socket.create_connection((server, 445), 5)
        self.s.settimeout(2)
        self.uid = self.tid = 0
        self.mid = 64

    def send(self, command, words, data, mid=None):
        head = b'\xffSMB' + struct.pack('<BIBHH8sHHHHH', command, 0, 0x18, 0x4001, 0, bytes(8), 0, self.tid, PID, self.uid,
                                        self.mid if mid is None else mid)
        body = head + bytes([len(words) // 2]) + words + struct.pack('<H', len(data)) + data
        self.s.sendall(struct.pack('>I', len(body)) + body)

    def answer(self):
        try:
            n = struct.unpack('>I', self.s.recv(4, socket.MSG_WAITALL))[0]
            return self.s.recv(n, socket.MSG_WAITALL)
        except (OSError, struct.error):
            return b''

    def ask(self, *what):
        self.send(*what)
        return self.answer()

    def begin(self, server):
        self.ask(0x72, b'', b'\2NT LM 0.12\0')
        words = struct.pack('<BBHHHHIHHII', 0xff, 0, 0, 4356, 10, 0, 0, 1, 0, 0, 0x50)
        a = self.ask(0x73, words, b'\0' + b'\0' + b'CORP\0' + b'Windows 2000 2195\0' + b'Windows 2000 5.0\0')
        self.uid = struct.unpack_from('<H', a, 28)[0]
        a = self.ask(0x75, struct.pack('<BBHHH', 0xff, 0, 0, 8, 1), b'\0' + f'\\\\{server}\\IPC$'.encode() + b'\0?????\0')
        self.tid = struct.unpack_from('<H', a, 24)[0]


def trans(setup, name=b''):
    words = struct.pack('<HHHHBBHIHHHHHBB', 0, 0, 0xffff, 0xffff, 0, 0, 0, 0, 0, 0, 74, 0, 74, len(setup) // 2, 0) + setup
    return words, name


server = sys.argv[1]
one = Session(server)
one.begin(server)
one.ask(0x25, *trans(struct.pack('<HH', 0x23, 0), b'\\PIPE\\\0\0\0'))
one.mid += 1
one.ask(0x32, *trans(struct.pack('<H', 0x0e), b'\0\0\0'))
two = Session(server)
two.begin(server)
nt = struct.pack('<BHIIIIIIIIBH', 1, 0, 30, 66512, 30, 0, 30, 75, 1000, 104, 0, 4)
two.send(0xa0, nt + b'', bytes(1 + 30 + 1000), 65)
two.answer()
for i in range(8):
    two.send(0x33, struct.pack('<HHHHHHHHH', 0, 1000, 0, 0, 0, 1000, 53, 1000 * (i + 1), 0), bytes(1000), 65)
two.answer()
