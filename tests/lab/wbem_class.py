# SPDX-License-Identifier: MIT
"""Definitions and instances of WMI's classes as they are sent (MS-WMIO): Win32_Process with its method Create, of the length that
a Windows server's definition has, for dcom_answer.py."""
import struct

STRING, OBJECT, UINT32, BOOLEAN, INHERITED = 8, 13, 19, 11, 0x4000
NONE = 0xFFFFFFFF
KNOWN = {"key": 1, "read": 3, "write": 4, "volatile": 5, "provider": 6, "dynamic": 7, "cimwin32": 8, "CIMTYPE": 10}
CIM_NAMES = {STRING: "string", OBJECT: "object:Win32_ProcessStartup", UINT32: "uint32"}
# Lengths on the wire from Windows: a definition of the class, of Create's parameters, of its results.
CLASS_SIZE, IN_SIZE, OUT_SIZE = 20480, 1500, 960
NOTHING = struct.pack("<IBIIIII", 29, 0, NONE, 0, 4, 4, 0) + struct.pack("<I", 1 << 31)
NO_METHODS = struct.pack("<IHHI", 12, 0, 0, 1 << 31)


def text(value):
    return b"\0" + value.encode("ascii") + b"\0"


class Heap:
    """What references lead to."""

    def __init__(self):
        self.data = b""

    def put(self, data):
        self.data += data
        return len(self.data) - len(data)

    def name(self, value):
        return 1 << 31 | KNOWN[value] if value in KNOWN else self.put(text(value))

    def packed(self, size=0):
        """With its length, filled up to a size."""
        data = self.data + bytes(max(0, size - len(self.data)))
        return struct.pack("<I", 1 << 31 | len(data)) + data


def qualifiers(heap, rows):
    """2.2.59: a text or true each."""
    out = b""
    for name, value in rows:
        name = heap.name(name)
        out += struct.pack("<IBI", name, 3, BOOLEAN) + b"\xff\xff" if value is True else \
            struct.pack("<IBII", name, 3, STRING, heap.put(text(value)))
    return struct.pack("<I", 4 + len(out)) + out


def class_part(name, parents, marks, properties, size=0):
    """2.2.15, filled up to a size; a property is its name, type and further qualifiers."""
    heap, table, values = Heap(), b"", b""
    name = heap.put(text(name))
    marks = qualifiers(heap, marks)
    for order, (prop, kind, more) in enumerate(properties):
        prop = heap.name(prop)
        rows = qualifiers(heap, [("CIMTYPE", CIM_NAMES[kind & ~INHERITED]), *more])
        info = heap.put(struct.pack("<IHII", kind, order, order * 4, 0) + rows)
        table += struct.pack("<II", prop, info)
        values += struct.pack("<I", NONE)
    derived = b"".join(text(p) + struct.pack("<I", len(text(p))) for p in parents)
    values = b"\x55" * ((len(properties) + 3) // 4) + values
    body = (struct.pack("<BII", 0, name, len(values)) + struct.pack("<I", 4 + len(derived)) + derived + marks +
            struct.pack("<I", len(properties)) + table + values)
    body += heap.packed(size - len(body) - 8)
    return struct.pack("<I", 4 + len(body)) + body


def parameters(properties, size):
    """A class __PARAMETERS as a method's signature (2.2.70)."""
    part = class_part("__PARAMETERS", [], [("abstract", True)], properties, size)
    block = b"\1" + NOTHING + NO_METHODS + part + NO_METHODS
    return struct.pack("<I", len(block)) + block, part


def side(direction, *names):
    return [(name, kind, [(direction, True), ("MappingStrings", f"Win32API|Process and Thread Functions|CreateProcess|{name}")])
            for name, kind in names]


IN = side("In", ("CommandLine", STRING), ("CurrentDirectory", STRING), ("ProcessStartupInformation", OBJECT))
OUT = side("Out", ("ProcessId", UINT32), ("ReturnValue", UINT32))


def win32_process():
    """The definition, as an encoding unit (2.2.1)."""
    heap = Heap()
    name = heap.put(text("Create"))
    marks = heap.put(qualifiers(heap, [("Constructor", True), ("Implemented", True), ("Static", True)]))
    sent, got = heap.put(parameters(IN, IN_SIZE)[0]), heap.put(parameters(OUT, OUT_SIZE)[0])
    methods = struct.pack("<HHIB3xIIII", 1, 0, name, 0, 0, marks, sent, got) + heap.packed()
    properties = [(p, kind, [("read", True)]) for p, kind in (
        ("Caption", STRING), ("CommandLine", STRING), ("ExecutablePath", STRING), ("Handle", STRING), ("Name", STRING),
        ("ParentProcessId", UINT32), ("Priority", UINT32), ("ProcessId", UINT32), ("SessionId", UINT32), ("ThreadCount", UINT32))]
    part = class_part("Win32_Process", ["CIM_Process", "CIM_LogicalElement", "CIM_ManagedSystemElement"],
                      [("dynamic", True), ("provider", "CIMWin32")], properties, CLASS_SIZE - 4 - len(methods))
    block = b"\5" + text("HOST7") + text("ROOT\\CIMV2") + NOTHING + NO_METHODS + part + struct.pack("<I", 4 + len(methods)) + methods
    return struct.pack("<II", 0x12345678, len(block)) + block


def created(process):
    """What Create gives: the number of the process, and 0."""
    heap = Heap()
    name = heap.put(text("__PARAMETERS"))
    body = struct.pack("<BI", 0, name) + b"\0" + struct.pack("<II", process, 0) + b"\4\0\0\0\1" + heap.packed()
    block = b"\2" + parameters(OUT, OUT_SIZE)[1] + struct.pack("<I", 4 + len(body)) + body
    return struct.pack("<II", 0x12345678, len(block)) + block
