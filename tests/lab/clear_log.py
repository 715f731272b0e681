#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""clear_log.py SERVER USER PASSWORD LOG...: clears event logs of a server over its pipe (MS-EVEN), as no packaged command does.
Needs /usr/bin/python3 and python3-impacket."""
import sys

from impacket.dcerpc.v5 import even, transport
from impacket.dcerpc.v5.dtypes import NULL
from impacket.dcerpc.v5.rpcrt import DCERPCException


def main():
    server, user, password = sys.argv[1:4]
    pipe = transport.DCERPCTransportFactory(f"ncacn_np:{server}[\\pipe\\eventlog]")
    pipe.set_credentials(user, password, "CORP")
    rpc = pipe.get_dce_rpc()
    rpc.connect()
    rpc.bind(even.MSRPC_UUID_EVEN)
    for log in sys.argv[4:]:
        handle = even.hElfrOpenELW(rpc, log, "")["LogHandle"]
        request = even.ElfrClearELFW()
        request["LogHandle"], request["BackupFileName"] = handle, NULL
        try:
            rpc.request(request)
        except DCERPCException as answer:
            print(answer)
        even.hElfrCloseEL(rpc, handle)


if __name__ == "__main__":
    main()
