#!/bin/bash
# SPDX-License-Identifier: MIT
# ns.sh up|down: a client network, a gateway and an outside world in three network namespaces.
#
#   xfl-cli  xc0  10.20.1.10 .11 .12 .13   fd00:1::10 ::11      inside
#   xfl-gw   gin  10.20.1.1  fd00:1::1     (record here)
#            gsv  10.20.2.1                gout 203.0.113.1  2001:db8:20::1
#   xfl-srv  xs0  203.0.113.20 to .25      2001:db8:20::20 ::21  outside
#            xs1  10.20.2.20 .21 .22       an inside segment of servers behind the same gateway
#
# Segmentation offload is off on all ends, so that no frame is longer than 1514 bytes. Needs root, iproute2, ethtool.
set -eu
cli=${XFL_PREFIX:-xfl}-cli gw=${XFL_PREFIX:-xfl}-gw srv=${XFL_PREFIX:-xfl}-srv

offload_off() { # namespace interface [gro]
    ip netns exec "$1" ethtool -K "$2" gso off tso off tx off rx off "gro" "${3:-off}" >/dev/null 2>&1 || true
}

up() {
    local n last
    for n in "$cli" "$gw" "$srv"; do
        ip netns add "$n"
        ip -n "$n" link set lo up
        ip netns exec "$n" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
            net.ipv6.conf.default.accept_dad=0 net.ipv4.ping_group_range="0 0" net.ipv4.icmp_ratelimit=0
    done
    ip link add xc0 address 02:00:0a:14:01:0a netns "$cli" type veth peer name gin address 02:00:0a:14:01:01 netns "$gw"
    ip link add xs0 address 02:00:cb:00:71:14 netns "$srv" type veth peer name gout address 02:00:cb:00:71:01 netns "$gw"
    ip link add xs1 address 02:00:0a:14:02:14 netns "$srv" type veth peer name gsv address 02:00:0a:14:02:01 netns "$gw"
    for last in 10 11 12 13; do ip -n "$cli" addr add "10.20.1.$last/24" dev xc0; done
    for last in 10 11; do ip -n "$cli" addr add "fd00:1::$last/64" dev xc0 nodad; done
    ip -n "$gw" addr add 10.20.1.1/24 dev gin
    ip -n "$gw" addr add fd00:1::1/64 dev gin nodad
    ip -n "$gw" addr add 10.20.2.1/24 dev gsv
    ip -n "$gw" addr add 203.0.113.1/24 dev gout
    ip -n "$gw" addr add 2001:db8:20::1/64 dev gout nodad
    for last in 20 21 22 23 24 25; do ip -n "$srv" addr add "203.0.113.$last/24" dev xs0; done
    for last in 20 21; do ip -n "$srv" addr add "2001:db8:20::$last/64" dev xs0 nodad; done
    for last in 20 21 22; do ip -n "$srv" addr add "10.20.2.$last/24" dev xs1; done
    offload_off "$cli" xc0
    offload_off "$gw" gin
    offload_off "$gw" gout
    offload_off "$gw" gsv
    # Only the far end collects segments: fewer pure acknowledgements in a long upload, no larger frame at the gateway.
    offload_off "$srv" xs0 on
    offload_off "$srv" xs1
    ip -n "$cli" link set xc0 up
    for n in gin gout gsv; do ip -n "$gw" link set "$n" up; done
    for n in xs0 xs1; do ip -n "$srv" link set "$n" up; done
    ip -n "$cli" route add default via 10.20.1.1
    ip -n "$cli" -6 route add default via fd00:1::1
    ip -n "$srv" route add default via 203.0.113.1
    ip -n "$srv" -6 route add default via 2001:db8:20::1
    ip -n "$srv" route add default via 10.20.2.1 table 2
    ip -n "$srv" rule add from 10.20.2.0/24 lookup 2
    ip netns exec "$gw" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    mkdir -p "/etc/netns/$cli"
    printf 'nameserver 10.20.1.1\nsearch corp.example.test\noptions timeout:2 attempts:2\n' >"/etc/netns/$cli/resolv.conf"
}

down() {
    local n
    for n in "$cli" "$gw" "$srv"; do
        ip netns pids "$n" 2>/dev/null | xargs -r kill 2>/dev/null || true
    done
    sleep 0.3
    for n in "$cli" "$gw" "$srv"; do ip netns del "$n" 2>/dev/null || true; done
    rm -f "/etc/netns/$cli/resolv.conf"
    rmdir "/etc/netns/$cli" 2>/dev/null || true
}

case ${1:-} in
up) up ;;
down) down ;;
*)
    echo "usage: ns.sh up|down" >&2
    exit 2
    ;;
esac
