#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""task_answer.py ADDRESS USER PASSWORD FOLDER: a file server with the shares IPC$ and ADMIN$ (FOLDER) whose pipe atsvc answers the
task scheduler's calls (MS-TSCH) by sealed DCE-RPC, as far as atexec needs it: no task is made and none runs, and ADMIN$ stays
as it is. The server of files is Impacket's. Needs /usr/bin/python3 and python3-impacket."""
import os
import socketserver
import struct
import sys
import threading

from Cryptodome.Cipher import ARC4
from impacket import ntlm, smbserver
from impacket.dcerpc.v5 import tsch
from impacket.dcerpc.v5.dtypes import NULL
from impacket.ntlm import compute_lmhash, compute_nthash

BIND, BIND_ACK, REQUEST, RESPONSE, AUTH3 = 11, 12, 0, 2, 16
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


def answers():
    """The answers of the scheduler by operation."""
    made = tsch.SchRpcRegisterTaskResponse()
    made["pActualPath"], made["pErrorInfo"], made["ErrorCode"] = "\\task\0", NULL, 0
    last = tsch.SchRpcGetLastRunInfoResponse()
    for field in ("wMonth", "wDayOfWeek", "wDay", "wHour", "wMinute", "wSecond", "wMilliseconds"):
        last["pLastRuntime"][field] = 1
    last["pLastRuntime"]["wYear"], last["pLastReturnCode"], last["ErrorCode"] = 2026, 0, 0
    return {1: made.getData(), 12: os.urandom(16) + bytes(4), 16: last.getData(), 13: bytes(4)}


class Association(socketserver.BaseRequestHandler):
    """One pipe: bind with NTLM, then sealed calls."""

    def handle(self):
        nonce, keys, sequence = os.urandom(8), None, 0
        while True:
            head = self.request.recv(16, 0x100)
            if len(head) < 16:
                return
            kind, (length, auth_length, call) = head[2], struct.unpack_from("<HHI", head, 8)
            body = self.request.recv(length - 16, 0x100)
            token = body[len(body) - auth_length:]
            trailer = body[len(body) - auth_length - 8:len(body) - auth_length]
            if kind == BIND:
                self.say(BIND_ACK, call, struct.pack("<HHIH", 4280, 4280, 77, 6) + b"atsvc\0" + struct.pack("<B3xHH", 1, 0, 0) +
                         NDR, trailer, challenge(nonce))
            elif kind == AUTH3:
                keys = self.server.keys(nonce, token)
            elif kind == REQUEST:
                data = keys["from"](body[8:len(body) - auth_length - 8])
                keys["from"](bytes(8))  # the stream of the signature
                opnum = struct.unpack_from("<H", body, 6)[0]
                print("operation", opnum, len(data), flush=True)
                self.answer(call, answers().get(opnum, bytes(4)), trailer, keys, sequence)
                sequence += 1

    def say(self, kind, call, body, trailer, token):
        """A PDU with its verifier."""
        pad = -len(body) % 4
        tail = trailer[:2] + bytes([pad, 0]) + trailer[4:] + token
        self.request.sendall(struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body) + pad + len(tail), len(token), call) +
                             body + bytes(pad) + tail)

    def answer(self, call, stub, trailer, keys, sequence):
        """A sealed response."""
        pad = -len(stub) % 16
        plain = stub + bytes(pad)
        tail = trailer[:2] + bytes([pad, 0]) + trailer[4:]
        head = (struct.pack("<BBBBIHHI", 5, 0, RESPONSE, 3, 0x10, 24 + len(plain) + len(tail) + 16, 16, call) +
                struct.pack("<IHH", len(stub), 0, 0))
        sealed, signature = ntlm.SEAL(FLAGS, keys["sign"], None, head + plain + tail, plain, sequence, keys["to"])
        self.request.sendall(head + sealed + tail + signature.getData())


class Pipes(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, user, password):
        super().__init__(("127.0.0.1", 0), Association)
        self.user, self.password = user, password

    def keys(self, nonce, token):
        """The keys of a session from the client's last message (MS-NLMP 3.4.5)."""
        last = ntlm.NTLMAuthChallengeResponse()
        last.fromString(token)
        domain = last["domain_name"].decode("utf-16-le")
        key = ntlm.NTOWFv2(self.user, self.password, domain)
        base = ntlm.hmac_md5(key, ntlm.hmac_md5(key, nonce + last["ntlm"][16:]))
        session = ARC4.new(base).decrypt(last["session_key"])
        return {"sign": ntlm.SIGNKEY(FLAGS, session, "Server"),
                "from": ARC4.new(ntlm.SEALKEY(FLAGS, session, "Client")).encrypt,
                "to": ARC4.new(ntlm.SEALKEY(FLAGS, session, "Server")).encrypt}


def main():
    address, user, password, folder = sys.argv[1:]
    pipes = Pipes(user, password)
    threading.Thread(target=pipes.serve_forever, daemon=True).start()
    files = smbserver.SimpleSMBServer(address, 445)
    files.addShare("ADMIN$", folder, readOnly="yes")
    files.setSMB2Support(True)
    files.addCredential(user, 0, compute_lmhash(password), compute_nthash(password))
    files.registerNamedPipe("atsvc", pipes.server_address)
    files.start()


if __name__ == "__main__":
    main()
