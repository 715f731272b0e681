#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""SSH the other way round, as tools for remote access behind a firewall do it (Debian: python3-asyncssh).

usage: ssh_back.py listen ADDRESS KEY     waits for a host to connect, then is its client and runs commands
       ssh_back.py connect ADDRESS KEY    connects, then plays the SSH server
"""
import asyncio
import sys

import asyncssh


class Server(asyncssh.SSHServer):
    def begin_auth(self, username):
        return False


async def process(p):
    p.stdout.write("ok: %s\n" % p.command)
    p.exit(0)


async def listen(address, key):
    done = asyncio.Event()

    async def commands(connection):
        for command in ("id", "hostname", "uname -a", "ls"):
            await connection.run(command)
            await asyncio.sleep(0.3)
        done.set()

    def begin(connection):
        asyncio.ensure_future(commands(connection))

    await asyncssh.listen_reverse(address, 22, username="lab", known_hosts=None, client_keys=[key], acceptor=begin)
    await asyncio.wait_for(done.wait(), 10)


async def connect(address, key):
    connection = await asyncssh.connect_reverse(address, 22, server_factory=Server, server_host_keys=[key],
                                                process_factory=process)
    await connection.wait_closed()


asyncio.run({"listen": listen, "connect": connect}[sys.argv[1]](*sys.argv[2:4]))
