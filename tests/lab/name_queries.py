#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""name_queries.py ADDRESS: the LLMNR, mDNS, NetBIOS and SSDP questions that an office computer asks from ADDRESS."""
import socket
import struct
import sys
import time


def dns(ident, flags, name, kind, klass=1):
    body = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
    return struct.pack(">HHHHHH", ident, flags, 1, 0, 0, 0) + body + struct.pack(">HH", kind, klass)


def netbios(name):
    """A name as RFC 1001 writes it: 15 characters and a type, each half byte a letter."""
    raw = name.upper().ljust(15).encode() + b"\x20"
    return "".join(chr(65 + (byte >> 4)) + chr(65 + (byte & 15)) for byte in raw)


def main():
    source = sys.argv[1]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(source))
    sock.bind((source, 0))
    search = ("M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\n"
              "ST: urn:dial-multiscreen-org:service:dial:1\r\n\r\n").encode()
    for number, name in enumerate(("wpad", "printer-2", "fileserver", "wpad")):
        sock.sendto(dns(100 + number, 0, name, 1), ("224.0.0.252", 5355))
        sock.sendto(dns(200 + number, 0, name, 28), ("224.0.0.252", 5355))
        sock.sendto(dns(300 + number, 0x0110, netbios(name), 32), ("10.20.1.255", 137))
        time.sleep(0.4)
    for name in ("_googlecast._tcp.local", "_ipp._tcp.local", "_companion-link._tcp.local", "_spotify-connect._tcp.local"):
        sock.sendto(dns(0, 0, name, 12), ("224.0.0.251", 5353))
        sock.sendto(search, ("239.255.255.250", 1900))
        time.sleep(0.3)


if __name__ == "__main__":
    main()
