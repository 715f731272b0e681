#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Requests of Kerberos as attackers' tools send them, with Impacket's own functions.

usage: kerberos_ask.py asrep KDC REALM NAME...                    first requests without a proof, RC4 only
       kerberos_ask.py hash KDC REALM USER PASSWORD               a log-in with the NT hash of the password
"""
import datetime
import hashlib
import random
import sys

from impacket.krb5 import constants, kerberosv5
from impacket.krb5.asn1 import AS_REQ, EncTGSRepPart, KERB_PA_PAC_REQUEST, seq_set, seq_set_iter
from impacket.krb5.kerberosv5 import getKerberosTGT, sendReceive
from impacket.krb5.types import KerberosTime, Principal
from impacket.ntlm import compute_nthash
from pyasn1.codec.der import encoder
from pyasn1.type.univ import noValue


def asrep(kdc, realm, *names):
    for name in names:
        client = Principal(name, type=constants.PrincipalNameType.NT_PRINCIPAL.value)
        request = AS_REQ()
        server = Principal(f"krbtgt/{realm}", type=constants.PrincipalNameType.NT_PRINCIPAL.value)
        pac = KERB_PA_PAC_REQUEST()
        pac["include-pac"] = True
        request["pvno"] = 5
        request["msg-type"] = int(constants.ApplicationTagNumbers.AS_REQ.value)
        request["padata"] = noValue
        request["padata"][0] = noValue
        request["padata"][0]["padata-type"] = int(constants.PreAuthenticationDataTypes.PA_PAC_REQUEST.value)
        request["padata"][0]["padata-value"] = encoder.encode(pac)
        body = seq_set(request, "req-body")
        body["kdc-options"] = constants.encodeFlags(
            [constants.KDCOptions.forwardable.value, constants.KDCOptions.renewable.value, constants.KDCOptions.proxiable.value])
        seq_set(body, "sname", server.components_to_asn1)
        seq_set(body, "cname", client.components_to_asn1)
        body["realm"] = realm
        until = datetime.datetime.utcnow() + datetime.timedelta(days=1)
        body["till"] = KerberosTime.to_asn1(until)
        body["rtime"] = KerberosTime.to_asn1(until)
        body["nonce"] = random.getrandbits(31)
        seq_set_iter(body, "etype", (int(constants.EncryptionTypes.rc4_hmac.value),))
        try:
            sendReceive(encoder.encode(request), realm, kdc)
        except Exception as error:
            print(name, error)


def hash_login(kdc, realm, user, password):
    client = Principal(user, type=constants.PrincipalNameType.NT_PRINCIPAL.value)
    getKerberosTGT(client, "", realm, hashlib.md5(b"").digest(), compute_nthash(password), kdcHost=kdc)


if __name__ == "__main__":
    kerberosv5.EncASRepPart = EncTGSRepPart  # MIT's KDC tags the inner part of both replies alike
    {"asrep": asrep, "hash": hash_login}[sys.argv[1]](*sys.argv[2:])
