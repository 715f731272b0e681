#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""web_agents.py SCENARIO OUT: agents whose servers answer under a false type, and honest answers that look likewise.

The forms are those that analysts have published of loaders and frameworks; addresses and names are invented. Inside is
10.20.1.0/24, outside 203.0.113.0/24 and 198.51.100.0/24, the resolver 10.20.1.1. No dependency."""
import base64
import zlib

from conversation import Tcp, answer, dns, http, write_scenario

RESOLVER = "10.20.1.1"
FALSE_BROWSER = ["Accept: */*", "User-Agent: Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko"]
BROWSER = ["User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Accept: image/avif,image/webp,*/*",
           "Accept-Language: en-US,en;q=0.5", "Accept-Encoding: gzip, deflate, br", "Connection: keep-alive"]


def exchange(tape, at, client, server, port, host, *turns):
    """Requests and answers of one connection, after a look-up of the name where there is one."""
    if host:
        dns(tape, at - 0.5, client, RESOLVER, host, server)
    c = Tcp(tape, at, client, server, port).open()
    for up, down in turns:
        c.ask(up, down)
    c.close()


def coded(tape, size):
    return base64.b64encode(tape.dice.randbytes(size)).decode()


def letters(tape, count):
    return "".join(tape.dice.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(count))


def told_in_cookie(tape):
    """A loader without a user agent tells its host in a cookie, and gets a gzip that is none."""
    cookie = ("Cookie: __gads=3000901376:1:16212:134; _gat=10.0.19044.64; _u=4445534B544F502D3731324A:616E6E61:35313331; "
              "__io=21_3990468985_3832573211; _gid=67CA0A0C3AE2")
    gzip = b"\x1f\x8b\x08\x08" + bytes(6) + b"Photo.png\0" + b"\x07" + tape.dice.randbytes(30000)
    exchange(tape, 1, "10.20.1.10", "203.0.113.60", 80, "harbourmill.example",
             (http("GET", "harbourmill.example", "/", ["Connection: Keep-Alive", cookie]), answer(gzip, "application/gzip")))


def posts_to_addresses(tape):
    """A bot with a browser's whole head posts a file without a name to bare addresses; the pages that come are noise."""
    for i in range(2):
        server = "203.0.113.%d" % (61 + i)
        path, limit = "/%s/%s/" % (letters(tape, 6), letters(tape, 9)), "-" * 19 + letters(tape, 16)
        body = (('--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: application/octet-stream\r\n\r\n'
                 % (limit, letters(tape, 9), letters(tape, 8))).encode() + tape.dice.randbytes(4420) + ("\r\n--%s--\r\n" % limit).encode())
        head = BROWSER + ["Referer: http://%s%s" % (server, path), "Content-Type: multipart/form-data; boundary=" + limit]
        exchange(tape, 100 + 40 * i, "10.20.1.11", server, 8080, None,
                 (http("POST", server + ":8080", path, head, body), answer(tape.dice.randbytes(700), "text/html; charset=UTF-8")))


def pictures(tape):
    """Orders in pictures that are none, and a film that is one word of base64."""
    for i in range(4):
        query = base64.urlsafe_b64encode(tape.dice.randbytes(90)).decode()
        exchange(tape, 200 + 300 * i * (1 + 0.2 * tape.dice.random()), "10.20.1.12", "203.0.113.64", 80, "pixelbarn.example",
                 (http("GET", "pixelbarn.example", "/p.gif?u=" + query, FALSE_BROWSER), answer(tape.dice.randbytes(150 + 40 * i), "image/gif")))
    word = coded(tape, 190).rstrip("=").replace("+", "_2B").replace("/", "_2F")
    path = "/images/" + "/".join(word[at:at + 17] for at in range(0, len(word), 17)) + ".avi"
    head = ["Accept: text/html", "Accept-Language: en-US", FALSE_BROWSER[1], "Connection: Keep-Alive"]
    exchange(tape, 300, "10.20.1.13", "203.0.113.65", 80, "filmloft.example",
             (http("GET", "filmloft.example", path, head), answer(coded(tape, 9000).encode(), "text/html; charset=UTF-8")))


def one_path_on_many_hosts(tape):
    """A stealer without a user agent brings the same words to one host after the other, one of which is its own."""
    for i in range(4):
        host = "www.%s-shop.example" % ("amber", "birch", "cedar", "dune")[i]
        path = "/m82c/?%s=%s&Fz=%s" % (letters(tape, 6), coded(tape, 72), letters(tape, 8))
        exchange(tape, 400 + 30 * i, "10.20.1.14", "203.0.113.%d" % (70 + i), 80, host,
                 (http("GET", host, path, ["Connection: close"]), answer(b"<html><title>404</title></html>", status="404 Not Found")))


def script_again(tape):
    """A profile that dresses as a script of a page, with all headers; the data are in the cookie and behind the script."""
    cookie = "Cookie: __cfduid=" + base64.urlsafe_b64encode(tape.dice.randbytes(128)).decode()
    script = b"/*! jQuery v3.3.1 | (c) JS Foundation */\n!function(e,t){" + b"function x(){return 1};" * 60
    for i in range(10):
        body = script + base64.urlsafe_b64encode(tape.dice.randbytes(48))
        head = BROWSER + ["Referer: http://code.jquery.com/", cookie]
        exchange(tape, 500 + 45 * i + 15 * tape.dice.random(), "10.20.1.15", "203.0.113.75", 80, "scriptfarm.example",
                 (http("GET", "scriptfarm.example", "/jquery-3.3.1.min.js", head), answer(body, "application/javascript; charset=utf-8")))


def own_headers(tape):
    """A tool with headers of its own that calls itself a browser and asks a bare address every half minute."""
    head = ["Accept: */*", "X-Session: 0", "X-Status: 0", "X-Size: 61456", "X-Sn: 1", "Cache-Control: no-cache", FALSE_BROWSER[1]]
    for i in range(8):
        exchange(tape, 600 + 30 * i, "10.20.1.16", "203.0.113.76", 80, None,
                 (http("POST", "203.0.113.76", "/update?wd=%08x" % tape.dice.getrandbits(32), head), answer(tape.dice.randbytes(16), "application/octet-stream")))


def http_false_answers(tape):
    for part in (told_in_cookie, posts_to_addresses, pictures, one_path_on_many_hosts, script_again, own_headers):
        part(tape)


def browsing(tape):
    """Pictures of every form, parts of one, a coded page, a font, a script with its cookie that is asked for again."""
    host, page = "gallery.example", BROWSER + ["Referer: http://gallery.example/"]
    noise = tape.dice.randbytes(4000)
    pictures = [(b"\xff\x0a" + noise, "image/jxl"), (b"\0\0\0\x0cJXL \r\n\x87\n" + noise, "image/jxl"), (b"\0\0\0\x0cjP  \r\n\x87\n" + noise, "image/jp2"),
                (b"\0\0\0\x1cftypavif" + noise, "image/avif"), (b"RIFF\0\1\0\0WEBPVP8 " + noise, "image/webp"), (b"\xff\xd8\xff\xe0" + noise, "image/jpeg"),
                (b"BM" + noise, "image/bmp"), (b"\0\0\1\0\3\0" + noise, "image/x-icon"), (b"wOF2" + noise, "text/html"),
                (b"<html>not here</html>" * 9, "image/png"), (b"GIF89a" + bytes(37), "image/gif")]
    turns = [(http("GET", host, "/p/%d.jpg" % n, page), answer(body, kind)) for n, (body, kind) in enumerate(pictures)]
    turns += [(http("GET", host, "/big.jpg", page + ["Range: bytes=9000-"]), answer(noise, "image/jpeg", "206 Partial Content")),
              (http("GET", host, "/", BROWSER), answer(noise, "text/html\r\nContent-Encoding: br")),
              (http("GET", host, "/list.gz", page), answer(zlib.compressobj(9, zlib.DEFLATED, 31).compress(b"") + b"", "application/gzip"))]
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    turns.append((http("GET", host, "/all.gz", page), answer(packer.compress(b"name;place\n" + noise.hex().encode()) + packer.flush(), "application/gzip")))
    exchange(tape, 1, "10.20.1.20", "203.0.113.80", 80, host, *turns)
    cookie = "Cookie: session=" + coded(tape, 60)
    for i in range(3): # a person who reloads a page
        exchange(tape, 60 + 40 * i, "10.20.1.20", "203.0.113.80", 80, host, (http("GET", host, "/app.js", page + [cookie]), answer(b"start();" * 90, "text/javascript")))
    # a page that decrypts what it fetches
    for i in range(12):
        exchange(tape, 20 + 30 * i, "10.20.1.21", "203.0.113.81", 80, "vaultnote.example",
                 (http("GET", "vaultnote.example", "/sync?id=%d" % i, BROWSER + ["Referer: http://vaultnote.example/"]), answer(tape.dice.randbytes(300), "text/html")))


def programs(tape):
    """A licence check whose server says that all is a page, an antivirus that asks about files, a launcher, OCSP, a small program's pixel."""
    for i in range(8):
        exchange(tape, 5 + 3600 * i, "10.20.1.22", "203.0.113.82", 80, "licence.caddraw.example",
                 (http("POST", "licence.caddraw.example", "/check.php", ["User-Agent: CadDraw/11.2", "Content-Type: application/x-www-form-urlencoded"],
                       b"k=" + coded(tape, 96).encode()), answer(coded(tape, 120).encode())))
        exchange(tape, 9 + 1200 * i, "10.20.1.23", "203.0.113.83", 80, "cloud.shieldav.example",
                 (http("POST", "cloud.shieldav.example", "/v2/lookup", ["User-Agent: ShieldAV/21.4 (Windows)", "Content-Type: application/octet-stream"],
                       tape.dice.randbytes(180)), answer(tape.dice.randbytes(90), "text/html")))
    chunks = [(http("GET", "depot.playhub.example", "/depot/441/chunk/%040x" % tape.dice.getrandbits(160), ["User-Agent: PlayHub Client 1.0", "Accept-Encoding: gzip"]),
               answer(tape.dice.randbytes(20000), "application/x-steam-chunk")) for _ in range(6)]
    exchange(tape, 15, "10.20.1.24", "203.0.113.84", 80, "depot.playhub.example", *chunks)
    for i, host in enumerate(("ocsp.alphaca.example", "ocsp.betaca.example", "ocsp.gammaca.example", "ocsp.deltaca.example")):
        path = "/MFEwTzBNMEswSTAJBgUrDgMCGgUABBT" + coded(tape, 60).replace("+", "%2B").replace("/", "%2F")
        for agent in ([], ["User-Agent: Microsoft-CryptoAPI/10.0"]):
            exchange(tape, 30 + 5 * i + len(agent), "10.20.1.25", "203.0.113.%d" % (90 + i), 80, host,
                     (http("GET", host, path, ["Connection: Keep-Alive", "Accept: */*"] + agent), answer(b"0\x82\1\xd3" + tape.dice.randbytes(467), "application/ocsp-response")))
    for i in range(6): # a newsletter's pixels, in a mail program: each with a word of its own
        exchange(tape, 40 + 700 * i, "10.20.1.26", "203.0.113.95", 80, "click.letters.example",
                 (http("GET", "click.letters.example", "/o/%s.gif" % coded(tape, 45).replace("/", "_").replace("+", "-"), BROWSER), answer(b"GIF89a" + bytes(37), "image/gif")))


def benign_false_answers(tape):
    browsing(tape)
    programs(tape)


if __name__ == "__main__":
    write_scenario(__doc__, http_false_answers, benign_false_answers)
