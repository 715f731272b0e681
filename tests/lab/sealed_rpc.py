# SPDX-License-Identifier: MIT
"""The answering end of DCE-RPC with NTLM, as far as a client that calls needs it: binds, further contexts each with a log-in
of its own, and calls that are signed or sealed. Who uses it names interfaces and gives answers. Needs /usr/bin/python3 and
python3-impacket."""
import os
import socketserver
import struct

from Cryptodome.Cipher import ARC4
from impacket import ntlm
from impacket.uuid import bin_to_string

REQUEST, RESPONSE, BIND, BIND_ACK, ALTER, ALTER_ANSWER, AUTH3 = 0, 2, 11, 12, 14, 15, 16
PRIVACY = 6
FIRST, LAST, OBJECT = 1, 2, 0x80
FRAGMENT = 4096
NDR = bytes.fromhex("045d888aeb1cc9119fe808002b10486002000000")
FLAGS = (ntlm.NTLMSSP_NEGOTIATE_UNICODE | ntlm.NTLMSSP_NEGOTIATE_NTLM | ntlm.NTLMSSP_NEGOTIATE_SIGN |
         ntlm.NTLMSSP_NEGOTIATE_SEAL | ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY | ntlm.NTLMSSP_NEGOTIATE_KEY_EXCH |
         ntlm.NTLMSSP_NEGOTIATE_128 | ntlm.NTLMSSP_NEGOTIATE_TARGET_INFO | ntlm.NTLMSSP_TARGET_TYPE_SERVER |
         ntlm.NTLMSSP_REQUEST_TARGET | ntlm.NTLMSSP_NEGOTIATE_ALWAYS_SIGN)


def challenge(nonce):
    """The server's message of NTLM (MS-NLMP 2.2.1.2)."""
    name = "HOST7".encode("utf-16-le")
    pairs = b"".join(struct.pack("<HH", kind, len(name)) + name for kind in (1, 2, 3, 4)) + bytes(4)
    return (b"NTLMSSP\0" + struct.pack("<IHHII", 2, len(name), len(name), 56, FLAGS) + nonce + bytes(8) +
            struct.pack("<HHI", len(pairs), len(pairs), 56 + len(name)) + bytes(8) + name + pairs)


class Context:
    """One log-in of a connection."""

    def __init__(self):
        self.nonce, self.sequence = os.urandom(8), 0
        self.sign = self.decrypt = self.encrypt = None

    def log_in(self, token, user, password):
        """The keys of a session from the client's last message (MS-NLMP 3.4.5)."""
        last = ntlm.NTLMAuthChallengeResponse()
        last.fromString(token)
        key = ntlm.NTOWFv2(user, password, last["domain_name"].decode("utf-16-le"))
        base = ntlm.hmac_md5(key, ntlm.hmac_md5(key, self.nonce + last["ntlm"][16:]))
        session = ARC4.new(base).decrypt(last["session_key"])
        self.sign = ntlm.SIGNKEY(FLAGS, session, "Server")
        self.decrypt = ARC4.new(ntlm.SEALKEY(FLAGS, session, "Client")).encrypt
        self.encrypt = ARC4.new(ntlm.SEALKEY(FLAGS, session, "Server")).encrypt


class Association(socketserver.BaseRequestHandler):
    """One connection: contexts with NTLM, then calls."""

    def handle(self):
        contexts, interfaces = {}, {}
        while True:
            head = self.request.recv(16, 0x100)
            if len(head) < 16:
                return
            length, auth_length, call = struct.unpack_from("<HHI", head, 8)
            body = self.request.recv(length - 16, 0x100)
            token = body[len(body) - auth_length:]
            trailer = body[len(body) - auth_length - 8:len(body) - auth_length]
            context = contexts.setdefault(trailer[4:], Context())
            if head[2] in (BIND, ALTER):
                interfaces[body[12:14]] = bin_to_string(body[16:32]).lower()
                self.accept(BIND_ACK if head[2] == BIND else ALTER_ANSWER, call, trailer, challenge(context.nonce))
            elif head[2] == AUTH3:
                context.log_in(token, self.server.user, self.server.password)
            elif head[2] == REQUEST:
                data = body[24 if head[3] & OBJECT else 8:len(body) - auth_length - 8]
                if trailer[1] == PRIVACY:
                    data = context.decrypt(data)
                    context.decrypt(bytes(8))  # the stream of the signature
                opnum = struct.unpack_from("<H", body, 6)[0]
                print("operation", interfaces[body[4:6]], opnum, len(data), flush=True)
                self.answer(call, self.server.answer(interfaces[body[4:6]], opnum, data), trailer, context)

    def accept(self, kind, call, trailer, token):
        """The interface is there; who are you?"""
        port = b"%d\0" % self.request.getsockname()[1]
        body = struct.pack("<HHIH", 5840, 5840, 77, len(port)) + port
        body += bytes(-(len(body) + 16) % 4) + struct.pack("<B3xHH", 1, 0, 0) + NDR
        pad = -len(body) % 4
        tail = trailer[:2] + bytes([pad, 0]) + trailer[4:] + token
        self.request.sendall(struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body) + pad + len(tail), len(token), call) +
                             body + bytes(pad) + tail)

    def answer(self, call, stub, trailer, context):
        """A signed or sealed response, in fragments."""
        for at in range(0, len(stub), FRAGMENT):
            part = stub[at:at + FRAGMENT]
            pad = -len(part) % 16
            plain = part + bytes(pad)
            tail = trailer[:2] + bytes([pad, 0]) + trailer[4:]
            place = (FIRST if at == 0 else 0) | (LAST if at + FRAGMENT >= len(stub) else 0)
            head = (struct.pack("<BBBBIHHI", 5, 0, RESPONSE, place, 0x10, 24 + len(plain) + len(tail) + 16, 16, call) +
                    struct.pack("<IHH", len(stub) - at, 0, 0))
            if trailer[1] == PRIVACY:
                plain, signature = ntlm.SEAL(FLAGS, context.sign, None, head + plain + tail, plain, context.sequence, context.encrypt)
            else:
                signature = ntlm.SIGN(FLAGS, context.sign, head + plain + tail, context.sequence, context.encrypt)
            self.request.sendall(head + plain + tail + signature.getData())
            context.sequence += 1


class Server(socketserver.ThreadingTCPServer):
    """Answers `answers(interface, opnum, data)` to calls at an address."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, address, user, password, answers):
        super().__init__(address, Association)
        self.user, self.password, self.answer = user, password, answers
