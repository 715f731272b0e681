#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pipe_agents.py serve ADDRESS USER PASSWORD FOLDER PIPE... | lead SERVER USER PASSWORD PIPE TURNS SECONDS

serve: a file server with named pipes, each answered as an agent would that is led over it: a length, then bytes that look like
nothing. lead: opens such a pipe and sends as many tasks, SECONDS apart. Both ends of SMB are Impacket's. Needs /usr/bin/python3 and
python3-impacket."""
import os
import socketserver
import struct
import sys
import threading
import time

from impacket import smbserver
from impacket.ntlm import compute_lmhash, compute_nthash
from impacket.smbconnection import SMBConnection


def message(size):
    return struct.pack("<I", size) + os.urandom(size)


class Agent(socketserver.BaseRequestHandler):
    """Answers each task."""

    def handle(self):
        while self.request.recv(4096):
            self.request.sendall(message(120))


def serve(address, user, password, folder, *pipes):
    files = smbserver.SimpleSMBServer(address, 445)
    files.addShare("ADMIN$", folder, readOnly="yes")
    files.setSMB2Support(True)
    files.addCredential(user, 0, compute_lmhash(password), compute_nthash(password))
    for pipe in pipes:
        agent = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Agent)
        threading.Thread(target=agent.serve_forever, daemon=True).start()
        files.registerNamedPipe(pipe, agent.server_address)
    files.start()


def lead(server, user, password, pipe, turns, seconds):
    connection = SMBConnection(server, server)
    connection.login(user, password)
    tree = connection.connectTree("IPC$")
    handle = connection.openFile(tree, pipe)
    for _ in range(int(turns)):
        connection.writeFile(tree, handle, message(48))
        connection.readFile(tree, handle, bytesToRead=4096, singleCall=True)
        time.sleep(float(seconds))
    connection.closeFile(tree, handle)
    connection.logoff()


if __name__ == "__main__":
    {"serve": serve, "lead": lead}[sys.argv[1]](*sys.argv[2:])
