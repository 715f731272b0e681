#!/bin/bash
# SPDX-License-Identifier: MIT
# record_link.sh SCENARIO...|all|list: attacks on one IPv4 link by packaged tools, recorded at the link's bridge into
# tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump iproute2 iputils-ping dsniff dnsmasq-base udhcpc
# ettercap-text-only samba-common-bin isc-dhcp-client.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
replay=$here/../replay
prefix=${XFL_PREFIX:-xfl}4
dir=
pids=()

at() { ip netns exec "$prefix-$1" "${@:2}"; } # host command...

down() {
    local n
    for n in link router host evil; do ip netns del "$prefix-$n" 2>/dev/null || true; done
}

up() {
    local n i=0
    ip netns add "$prefix-link"
    ip -n "$prefix-link" link add br0 type bridge
    ip -n "$prefix-link" link set br0 up
    for n in router host evil; do
        i=$((i + 1))
        ip netns add "$prefix-$n"
        at "$n" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
        ip link add e0 address "02:00:0a:14:01:0$i" netns "$prefix-$n" type veth peer name "p$i" netns "$prefix-link"
        ip -n "$prefix-link" link set "p$i" master br0 up
        ip -n "$prefix-$n" link set lo up
        ip -n "$prefix-$n" link set e0 up
    done
    ip -n "$prefix-router" addr add 10.20.1.1/24 dev e0
    ip -n "$prefix-evil" addr add 10.20.1.66/24 dev e0
    sleep 1
}

stop_all() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    pids=()
}

cleanup() {
    stop_all
    down
    [ -z "$dir" ] || rm -rf "$dir"
}

record() { # scenario filter command...
    mkdir -p "$replay/$1"
    ip netns exec "$prefix-link" tcpdump -q -U -Z root -i br0 -s 0 -w "$dir/input.pcap" "$2" 2>"$dir/tcpdump.log" &
    local dump=$!
    sleep 0.7
    "${@:3}"
    sleep 0.7
    kill "$dump"
    wait "$dump" 2>/dev/null || true
    cp "$dir/input.pcap" "$replay/$1/input.pcap"
}

between() { # arpspoof tells both that the other is here
    ip -n "$prefix-host" addr add 10.20.1.20/24 dev e0
    at host ping -c 3 -i 0.5 10.20.1.1 >/dev/null || true
    ip netns exec "$prefix-evil" arpspoof -i e0 -t 10.20.1.20 -r 10.20.1.1 >"$dir/arpspoof.log" 2>&1 &
    pids+=($!)
    sleep 12
    stop_all
}

addresses() { # host range router resolver
    ip netns exec "$prefix-$1" dnsmasq -k -C /dev/null --port=0 -i e0 --bind-interfaces --no-ping \
        --dhcp-range="$2,1h" --dhcp-option=3,"$3" --dhcp-option=6,"$4" --dhcp-leasefile="$dir/$1.leases" -x "$dir/$1.pid" \
        >"$dir/$1.log" 2>&1 &
    pids+=($!)
}

get_address() { ip netns exec "$prefix-host" timeout 6 udhcpc -q -n -f -i e0 -s /bin/true >>"$dir/udhcpc.log" 2>&1 || true; }

second_server() {
    addresses router 10.20.1.100,10.20.1.150 10.20.1.1 10.20.1.2
    sleep 1
    get_address
    addresses evil 10.20.1.200,10.20.1.220 10.20.1.66 10.20.1.66
    sleep 1
    get_address
    kill "${pids[0]}" # the first one is away for a while
    sleep 0.5
    get_address
    stop_all
}

both_families() { # host: an address by IPv4, one by IPv6, and the resolvers by IPv6 alone
    local way
    for way in -4 -6 "-6 -S"; do
        # shellcheck disable=SC2086 # words
        at "$1" timeout 4 dhclient $way -1 -d -sf /bin/true -lf "$(mktemp -p "$dir")" -pf /dev/null e0 >>"$dir/dhclient.log" 2>&1 || true
    done
    [ -z "${XFL_DEBUG:-}" ] || cat "$dir/dhclient.log" "$dir"/*.log
}

by_v6() { # host prefix: addresses of IPv6, and itself as the resolver
    at "$1" sysctl -qw net.ipv6.conf.e0.disable_ipv6=0
    ip -n "$prefix-$1" addr add "$2::1/64" dev e0 nodad
    sleep 2
    ip netns exec "$prefix-$1" dnsmasq -k -C /dev/null --port=0 -i e0 --bind-interfaces --no-ping --dhcp-range="$2::100,$2::1ff,64,1h" \
        --dhcp-option=option6:dns-server,"[$(ip -n "$prefix-$1" -6 -o addr show dev e0 scope link | grep -o 'fe80[^/]*')]" \
        --dhcp-leasefile="$dir/$1.leases6" -x "$dir/$1.pid6" >"$dir/$1.6.log" 2>&1 &
    pids+=($!)
}

with_v6() { # the host speaks it
    at host sysctl -qw net.ipv6.conf.e0.disable_ipv6=0
    at host sysctl -qw net.ipv6.conf.e0.accept_dad=0
}

stranger_v6() { # one beside the server of IPv4 answers by IPv6 and names itself
    addresses router 10.20.1.100,10.20.1.150 10.20.1.1 10.20.1.1
    with_v6
    by_v6 evil fd00:66
    sleep 1
    both_families host
    stop_all
}

gateway_v6() { # the gateway's own of both families; then a server that is the resolver of IPv4
    addresses router 10.20.1.100,10.20.1.150 10.20.1.1 10.20.1.1
    with_v6
    by_v6 router fd00:1
    sleep 1
    both_families host
    stop_all
    addresses router 10.20.1.100,10.20.1.150 10.20.1.1 10.20.1.66
    by_v6 evil fd00:2
    ip -n "$prefix-host" addr add 10.20.1.20/24 dev e0
    at host ping -c 2 10.20.1.66 >/dev/null || true
    both_families host
    stop_all
}

poisoned() { # ettercap says of names that are asked for that they are its own
    local name names="FILESRV PRINTER7 WPAD INTRANET NAS-2 MAILBOX" set="/etc/netns/$prefix-evil/ettercap"
    ip -n "$prefix-host" addr add 10.20.1.20/24 broadcast 10.20.1.255 dev e0
    mkdir -p "$set" "$dir/smb"
    cp -a /etc/ettercap/. "$set/"
    for name in $names; do echo "$name 10.20.1.66"; done >"$set/etter.nbns"
    printf '[global]\n lock directory = %s\n state directory = %s\n cache directory = %s\n private dir = %s\n' \
        "$dir/smb" "$dir/smb" "$dir/smb" "$dir/smb" >"$dir/smb.conf"
    { sleep 16 && echo q; } | ip netns exec "$prefix-evil" timeout -s KILL 25 ettercap -T -q -p -i e0 -P nbns_spoof >"$dir/ettercap.log" 2>&1 &
    pids+=($!)
    sleep 6
    for name in $names; do
        ip netns exec "$prefix-host" timeout 3 nmblookup -s "$dir/smb.conf" -B 10.20.1.255 "$name" >>"$dir/nmblookup.log" 2>&1 || true
    done
    [ -z "${XFL_DEBUG:-}" ] || cat "$dir/ettercap.log" "$dir/nmblookup.log"
    wait "${pids[-1]}" || true
    rm -rf "/etc/netns/$prefix-evil"
}

scenario() {
    case $1 in
    name_poisoning_ettercap) record "$1" "udp port 137" poisoned ;;
    arp_spoof_dsniff) record "$1" "arp or icmp" between ;;
    rogue_dhcp6_dnsmasq) record "$1" "udp port 67 or udp port 68 or udp port 546 or udp port 547" stranger_v6 ;;
    benign_dhcp6) record "$1" "arp or udp port 67 or udp port 68 or udp port 546 or udp port 547" gateway_v6 ;;
    rogue_dhcp_dnsmasq) record "$1" "udp port 67 or udp port 68" second_server ;;
    *) echo "record_link.sh: no scenario $1" >&2 && return 1 ;;
    esac
}

all="arp_spoof_dsniff rogue_dhcp_dnsmasq rogue_dhcp6_dnsmasq benign_dhcp6 name_poisoning_ettercap"
case ${1:-list} in
list) echo "$all" && exit ;;
all) read -ra names <<<"$all" && set -- "${names[@]}" ;;
esac
trap cleanup EXIT
dir=$(mktemp -d)
for name; do
    down
    up
    scenario "$name"
    stop_all
    echo "$name: $(stat -c %s "$replay/$name/input.pcap") bytes"
done
