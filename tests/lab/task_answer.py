#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""task_answer.py ADDRESS USER PASSWORD FOLDER: a file server with the shares IPC$ and ADMIN$ (FOLDER) whose pipe atsvc answers the
task scheduler's calls (MS-TSCH) by sealed DCE-RPC, as far as atexec needs it: no task is made and none runs, and ADMIN$ stays
as it is. The server of files is Impacket's. Needs /usr/bin/python3 and python3-impacket."""
import os
import sys
import threading

from impacket import smbserver
from impacket.dcerpc.v5 import tsch
from impacket.dcerpc.v5.dtypes import NULL
from impacket.ntlm import compute_lmhash, compute_nthash

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sealed_rpc  # noqa: E402


def answer(_interface, opnum, _data):
    """The answers of the scheduler by operation."""
    made = tsch.SchRpcRegisterTaskResponse()
    made["pActualPath"], made["pErrorInfo"], made["ErrorCode"] = "\\task\0", NULL, 0
    last = tsch.SchRpcGetLastRunInfoResponse()
    for field in ("wMonth", "wDayOfWeek", "wDay", "wHour", "wMinute", "wSecond", "wMilliseconds"):
        last["pLastRuntime"][field] = 1
    last["pLastRuntime"]["wYear"], last["pLastReturnCode"], last["ErrorCode"] = 2026, 0, 0
    return {1: made.getData(), 12: os.urandom(16) + bytes(4), 16: last.getData()}.get(opnum, bytes(4))


def main():
    address, user, password, folder = sys.argv[1:]
    pipes = sealed_rpc.Server(("127.0.0.1", 0), user, password, answer)
    threading.Thread(target=pipes.serve_forever, daemon=True).start()
    files = smbserver.SimpleSMBServer(address, 445)
    files.addShare("ADMIN$", folder, readOnly="yes")
    files.setSMB2Support(True)
    files.addCredential(user, 0, compute_lmhash(password), compute_nthash(password))
    files.registerNamedPipe("atsvc", pipes.server_address)
    files.start()


if __name__ == "__main__":
    main()
