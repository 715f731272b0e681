#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""shadow_ask.py SERVER REALM USER PASSWORD HOST: has a domain controller add HOST as a source of replication and removes it again
(MS-DRSR 4.1.19, 4.1.20), the frame of DCShadow, by Samba's own Python library (python3-samba). Nothing is pushed."""
import sys
import time

from samba import credentials, drs_utils, param
from samba.dcerpc import drsuapi


def main():
    server, realm, user, password, host = sys.argv[1:]
    settings = param.LoadParm()
    settings.set("workgroup", "CORP")
    who = credentials.Credentials()
    who.guess(settings)
    who.set_domain("CORP")
    who.set_username(user)
    who.set_password(password)
    who.set_kerberos_state(credentials.DONT_USE_KERBEROS)
    connection, handle = drs_utils.drsuapi_connect(server, settings, who)[:2]
    context = drsuapi.DsReplicaObjectIdentifier()
    context.dn = ",".join("DC=" + part for part in realm.lower().split("."))
    add = drsuapi.DsReplicaAddRequest1()
    add.naming_context, add.source_dsa_address = context, host
    add.options = drsuapi.DRSUAPI_DRS_WRIT_REP
    remove = drsuapi.DsReplicaDelRequest1()
    remove.naming_context, remove.source_dsa_address = context, host
    for call, request in ((connection.DsReplicaAdd, add), (connection.DsReplicaDel, remove)):
        try:
            call(handle, 1, request)
        except RuntimeError as answer:
            print(answer)
        time.sleep(2)


if __name__ == "__main__":
    main()
