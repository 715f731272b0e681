#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""dcom_answer.py ADDRESS LEVEL USER PASSWORD FOLDER: stands for a Windows host whose objects are called by DCOM: activation at port
135, the objects at port 49667 (MS-DCOM), WMI's log-in, Win32_Process and its Create (MS-WMI), automation (MS-OAUT), and shares
ADMIN$ (FOLDER). LEVEL is the least authentication that activation asks of callers: 2 leaves calls readable, 6 has them sealed.
Nothing is run: what a command line would write to ADMIN$ is written as an empty file. Needs /usr/bin/python3 and python3-impacket."""
import os
import re
import struct
import sys
import threading

from impacket import smbserver
from impacket.dcerpc.v5 import dcomrt
from impacket.dcerpc.v5.dcom import oaut, wmi
from impacket.dcerpc.v5.dtypes import NULL
from impacket.ntlm import compute_lmhash, compute_nthash
from impacket.uuid import string_to_bin

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sealed_rpc  # noqa: E402
import wbem_class  # noqa: E402

PORT = 49667
UNKNOWN = os.urandom(16)
OXID = struct.unpack("<Q", os.urandom(8))[0]
ACTIVATOR, REMOTE_UNKNOWN, LOGIN, SERVICES, AUTOMATION = (
    "000001a0-0000-0000-c000-000000000046", "00000131-0000-0000-c000-000000000046", "f309ad18-d86a-11d0-a075-00c04fb68820",
    "9556dc99-828c-11cf-a37e-00aa003240c7", "00020400-0000-0000-c000-000000000046")


def reference(interface):
    """A new object of an interface (MS-DCOM 2.2.18.4)."""
    made = dcomrt.OBJREF_STANDARD()
    made["iid"] = string_to_bin(interface)
    made["std"]["flags"], made["std"]["cPublicRefs"] = 0x280, 5
    made["std"]["oxid"], made["std"]["oid"], made["std"]["ipid"] = OXID, struct.unpack("<Q", os.urandom(8))[0], os.urandom(16)
    made["saResAddr"] = struct.pack("<HHHHHH", 4, 2, 0, 0, 0, 0)
    return made.getData()


def custom(interface, clsid, data):
    """An object by value (2.2.18.6)."""
    made = dcomrt.OBJREF_CUSTOM()
    made["iid"], made["clsid"], made["cbExtension"] = string_to_bin(interface), clsid, 0
    made["ObjectReferenceSize"], made["pObjectData"] = len(data) + 8, data
    return made.getData()


def pointer(field, data):
    field["ulCntData"], field["abData"] = len(data), list(data)


class Host:
    """What is asked, and what is answered."""

    def __init__(self, address, level, folder):
        self.address, self.level, self.folder = address, level, folder

    def answer(self, interface, opnum, data):
        if interface == ACTIVATOR:
            wanted = LOGIN if string_to_bin(LOGIN) in data else AUTOMATION
            return self.activated(wanted)
        self.write_output(data)
        if interface == LOGIN and opnum == 6:
            return self.logged_in()
        if interface == SERVICES and opnum in (6, 24):
            return self.by_value(opnum)
        if interface == AUTOMATION and opnum == 5:
            return bytes(8) + struct.pack("<III", 1, 7, 0)
        if interface == AUTOMATION and opnum == 6:
            return self.invoked()
        return bytes(12)

    def write_output(self, data):
        """wmiexec and dcomexec ask for the output until it is there."""
        found = re.search(rb"ADMIN\$\\(__[0-9.a-zA-Z]+)", data.replace(b"\0", b""))
        if found:
            open(os.path.join(self.folder, found.group(1).decode()), "w", encoding="ascii").close()

    def activated(self, interface):
        """Where the new object is (2.2.22.2.8, 2.2.22.2.9)."""
        reply = dcomrt.ScmReplyInfoData()
        reply["pdwReserved"] = 0
        remote = reply["remoteReply"]
        strings = b"".join(struct.pack("<H", 7) + f"{name}\0".encode("utf-16-le") for name in (f"HOST7[{PORT}]",
                                                                                            f"{self.address}[{PORT}]")) + bytes(2)
        security = struct.pack("<HHHH", 10, 0xFFFF, 0, 0)
        bindings = remote["pdsaOxidBindings"]
        bindings["wNumEntries"], bindings["wSecurityOffset"] = len(strings + security) // 2, len(strings) // 2
        bindings["aStringArray"] = list(struct.unpack(f"<{len(strings + security) // 2}H", strings + security))
        remote["Oxid"], remote["ipidRemUnknown"], remote["authnHint"] = OXID, UNKNOWN, self.level
        out = dcomrt.PropsOutInfo()
        out["cIfs"] = 1
        made, result, held = dcomrt.IID(), dcomrt.HRESULT(), dcomrt.PMInterfacePointer()
        made["Data"], result["Data"] = string_to_bin(interface), 0
        out["piid"].append(made)
        out["phresults"].append(result)
        pointer(held, reference(interface))
        out["ppIntfData"].append(held)
        return self.activation([(dcomrt.CLSID_PropsOutInfo, out), (dcomrt.CLSID_ScmReplyInfo, reply)])

    @staticmethod
    def activation(properties):
        """The properties in their blob (2.2.22)."""
        blob, data = dcomrt.ACTIVATION_BLOB(), b""
        blob["CustomHeader"]["destCtx"], blob["CustomHeader"]["pdwReserved"] = 2, NULL
        for clsid, made in properties:
            packed = made.getData() + made.getDataReferents()
            packed += bytes(-len(packed) % 8)
            name, size = dcomrt.CLSID(), dcomrt.DWORD()
            name["Data"], size["Data"] = clsid, len(packed)
            blob["CustomHeader"]["pclsid"].append(name)
            blob["CustomHeader"]["pSizes"].append(size)
            data += packed
        blob["Property"] = data
        response = dcomrt.RemoteCreateInstanceResponse()
        response["ORPCthat"]["flags"], response["ORPCthat"]["extensions"] = 0, NULL
        pointer(response["ppActProperties"], custom("000001a3-0000-0000-c000-000000000046",
                                                    dcomrt.CLSID_ActivationPropertiesOut, blob.getData()))
        response["ErrorCode"] = 0
        return response.getData()

    @staticmethod
    def logged_in():
        response = wmi.IWbemLevel1Login_NTLMLoginResponse()
        response["ORPCthat"]["flags"], response["ORPCthat"]["extensions"] = 0, NULL
        pointer(response["ppNamespace"], reference(SERVICES))
        response["ErrorCode"] = 0
        return response.getData()

    @staticmethod
    def by_value(opnum):
        """The class, or what its method gave."""
        response = wmi.IWbemServices_GetObjectResponse() if opnum == 6 else wmi.IWbemServices_ExecMethodResponse()
        unit = wbem_class.win32_process() if opnum == 6 else wbem_class.created(4242)
        response["ORPCthat"]["flags"], response["ORPCthat"]["extensions"] = 0, NULL
        pointer(response["ppObject" if opnum == 6 else "ppOutParams"],
                custom("dc12a681-737f-11cf-884d-00aa004b2e24", wmi.CLSID_WbemClassObject, unit))
        response["ppCallResult"] = NULL
        response["ErrorCode"] = 0
        return response.getData()

    @staticmethod
    def invoked():
        """Another object to go on with (MS-OAUT 3.1.4.4)."""
        response = oaut.IDispatch_InvokeResponse()
        response["ORPCthat"]["flags"], response["ORPCthat"]["extensions"] = 0, NULL
        result = response["pVarResult"]
        result["clSize"], result["vt"], result["_varUnion"]["tag"] = 5, 9, 9
        pointer(result["_varUnion"]["pdispVal"], reference(AUTOMATION))
        for field in ("bstrSource", "bstrDescription", "bstrHelpFile"):
            response["pExcepInfo"][field] = NULL
        response["pArgErr"], response["ErrorCode"] = 0, 0
        return response.getData()


def main():
    address, level, user, password, folder = sys.argv[1:]
    host = Host(address, int(level), folder)
    for port in (135, PORT):
        threading.Thread(target=sealed_rpc.Server((address, port), user, password, host.answer).serve_forever, daemon=True).start()
    files = smbserver.SimpleSMBServer(address, 445)
    files.addShare("ADMIN$", folder, readOnly="no")
    files.setSMB2Support(True)
    files.addCredential(user, 0, compute_lmhash(password), compute_nthash(password))
    files.start()


if __name__ == "__main__":
    main()
