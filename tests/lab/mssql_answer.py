#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mssql_answer.py ADDRESS FOLDER: answers the protocol of SQL Server (MS-TDS) on port 1433 as far as a client that sends statements
needs it: the log-in alone goes through TLS, as servers without a wish for more have it (2.2.6.5), every log-in is right, and
every statement is done without a row. No statement is carried out. FOLDER gets a key and a certificate."""
import os
import socketserver
import ssl
import struct
import subprocess
import sys

BATCH, CALL, ANSWER, LOGIN, PRELOGIN = 1, 3, 4, 0x10, 0x12
DONE = b"\xfd" + struct.pack("<HHQ", 0, 0, 0)


def packet(kind, body):
    return struct.pack(">BBHHBB", kind, 1, 8 + len(body), 0, 1, 0) + body


def login_ack():
    name = "Microsoft SQL Server".encode("utf-16-le")
    body = b"\x01" + struct.pack(">I", 0x74000004) + bytes([len(name) // 2]) + name + b"\x0f\x00\x07\xd0"
    return b"\xad" + struct.pack("<H", len(body)) + body + DONE


class Session(socketserver.BaseRequestHandler):
    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.request.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def take(self):
        """One packet: its type and body."""
        kind, _, size = struct.unpack(">BBH", self.exactly(8)[:4])
        return kind, self.exactly(size - 8)

    def secure_login(self):
        """The handshake in pre-login packets, then records by themselves until LOGIN7 is whole."""
        inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.server.context.wrap_bio(inward, outward, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                if outward.pending:
                    self.request.sendall(packet(PRELOGIN, outward.read()))
                inward.write(self.take()[1])
        if outward.pending:
            self.request.sendall(packet(PRELOGIN, outward.read()))
        login = b""
        while len(login) < 8 or len(login) < struct.unpack(">H", login[2:4])[0]:
            head = self.exactly(5)
            inward.write(head + self.exactly(struct.unpack(">H", head[3:])[0]))
            try:
                login += tls.read(65536)
            except ssl.SSLWantReadError:
                pass

    def handle(self):
        try:
            self.take()
            places = ((0, 21, 6), (1, 27, 1), (2, 28, 1), (3, 29, 0))  # version, encryption, instance, thread
            options = b"".join(struct.pack(">BHH", *place) for place in places) + b"\xff"
            self.request.sendall(packet(ANSWER, options + b"\x0f\0\x07\xd0\0\0" + b"\0" + b"\0"))
            self.secure_login()
            self.request.sendall(packet(ANSWER, login_ack()))
            while True:
                self.take()
                self.request.sendall(packet(ANSWER, DONE))
        except (EOFError, ConnectionError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    address, folder = sys.argv[1:]
    key, pem = os.path.join(folder, "sql.key"), os.path.join(folder, "sql.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", pem, "-days", "30",
                    "-subj", "/CN=SSL_Self_Signed_Fallback"], check=True, capture_output=True)
    with Server((address, 1433), Session) as server:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.maximum_version = ssl.TLSVersion.TLSv1_2
        server.context.load_cert_chain(pem, key)
        server.serve_forever()


if __name__ == "__main__":
    main()
