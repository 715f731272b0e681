#!/bin/bash
# SPDX-License-Identifier: MIT
# record_ipv6.sh SCENARIO...|all|list: routers of IPv6 on one link, real and false, recorded at the link's bridge into
# tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump iproute2 radvd ndisc6 thc-ipv6.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
replay=$here/../replay
prefix=${XFL_PREFIX:-xfl}6
dir=
pids=()

at() { ip netns exec "$prefix-$1" "${@:2}"; } # host command...

down() {
    local n
    for n in link router second host evil; do ip netns del "$prefix-$n" 2>/dev/null || true; done
}

up() {
    local n i=0
    ip netns add "$prefix-link"
    ip -n "$prefix-link" link add br0 type bridge
    ip -n "$prefix-link" link set br0 up
    for n in router second host evil; do
        i=$((i + 1))
        ip netns add "$prefix-$n"
        at "$n" sysctl -qw net.ipv6.conf.default.accept_dad=0
        ip link add e0 address "02:00:00:00:00:0$i" netns "$prefix-$n" type veth peer name "p$i" netns "$prefix-link"
        ip -n "$prefix-link" link set "p$i" master br0 up
        ip -n "$prefix-$n" link set lo up
        ip -n "$prefix-$n" link set e0 up
    done
    for n in router second; do at "$n" sysctl -qw net.ipv6.conf.all.forwarding=1; done
    sleep 2 # link-local addresses
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

advertise() { # host prefix resolver lifetime
    local resolver=
    [ -z "$3" ] || resolver="RDNSS $3 { AdvRDNSSLifetime 600; };"
    cat >"$dir/$1.conf" <<-EOF
	interface e0 {
	  AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime $4;
	  prefix $2 { AdvOnLink on; AdvAutonomous on; };
	  $resolver
	};
	EOF
    ip netns exec "$prefix-$1" radvd -n -C "$dir/$1.conf" -p "$dir/$1.pid" -m stderr -u root >"$dir/$1.log" 2>&1 &
    pids+=($!)
}

record() { # scenario command...
    mkdir -p "$replay/$1"
    ip netns exec "$prefix-link" tcpdump -q -U -Z root -i br0 -s 0 -c 60 -w "$dir/input.pcap" "icmp6[0] == 133 or icmp6[0] == 134 or ip6[6] == 44 or ip6[6] == 60" 2>"$dir/tcpdump.log" &
    local dump=$!
    sleep 0.7
    "${@:2}"
    sleep 0.7
    kill "$dump" 2>/dev/null || true # a flood has ended it
    wait "$dump" 2>/dev/null || true
    cp "$dir/input.pcap" "$replay/$1/input.pcap"
}

link_local() { ip -n "$prefix-$1" -6 -o addr show dev e0 scope link | grep -o 'fe80[^/]*'; }

false_one() {
    advertise router 2001:db8:1::/64 2001:db8:1::53 1800
    sleep 6
    at host rdisc6 -1 e0 >/dev/null 2>&1 || true
    at evil timeout 6 atk6-fake_router26 -A 2001:db8:66::/64 -D "$(link_local evil)" -n 3 -i 1 e0 >/dev/null 2>&1 || true
    at evil timeout 3 atk6-kill_router6 e0 "$(link_local router)" >/dev/null 2>&1 || true
    sleep 2
    stop_all
}

flood() {
    advertise router 2001:db8:1::/64 "" 1800
    sleep 4
    at evil timeout 0.12 atk6-flood_router26 e0 >/dev/null 2>&1 || true
    stop_all
}

ordinary() { # two of one mind, one for a network of things that is no way out, questions, and a good-bye
    advertise router 2001:db8:1::/64 2001:db8:1::53 1800
    sleep 5
    advertise second 2001:db8:1::/64 2001:db8:1::53 1800
    advertise host fd00:7::/64 "" 0
    sleep 6
    at evil rdisc6 -1 e0 >/dev/null 2>&1 || true
    sleep 1
    stop_all
    advertise router 2001:db8:1::/64 2001:db8:1::53 1800
    sleep 4
    stop_all
}

scenario() {
    case $1 in
    rogue_router) record "$1" false_one ;;
    rogue_router_flood) record "$1" flood ;;
    benign_routers) record "$1" ordinary ;;
    *) echo "record_ipv6.sh: no scenario $1" >&2 && return 1 ;;
    esac
}

all="rogue_router rogue_router_flood benign_routers"
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
