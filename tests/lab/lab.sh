# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# lab.sh: what the recording scripts share; sourced by them, after `all=(...)` has named their scenarios.
#
# A scenario is a function. It runs in a copy of the lab's folder ($dir) and is recorded at the inside interface of the
# gateway, or at the interface that `point_SCENARIO` prints, through the filter that `filter_SCENARIO` prints.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
replay=${XFL_REPLAY:-$here/../replay}
export XFL_PREFIX=${XFL_PREFIX:-xfl}
# shellcheck disable=SC2034 # used by the scripts that source this file
cli=(ip netns exec "$XFL_PREFIX-cli") gw=(ip netns exec "$XFL_PREFIX-gw") srv=(ip netns exec "$XFL_PREFIX-srv")
dir=
pids=()

bg() { # log command...: starts a service, remembers it
    local log=$1
    shift
    "$@" >"$dir/$log.log" 2>&1 </dev/null &
    pids+=($!)
}

stop_after() { # number: ends the services but the first so many
    local pid
    local -a rest=("${pids[@]:$1}")
    for pid in "${rest[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${rest[@]}"; do wait "$pid" 2>/dev/null || true; done
    pids=("${pids[@]:0:$1}")
}

cleanup() {
    stop_after 0
    if declare -F undo >/dev/null; then undo; fi
    "$here/ns.sh" down
    [ -n "${XFL_DEBUG:-}" ] || [ -z "$dir" ] || rm -rf "$dir"
}

of() { # kind scenario default: what the function KIND_SCENARIO prints, if there is one
    if declare -F "$1_$2" >/dev/null; then "$1_$2"; else echo "$3"; fi
}

record() { # scenario
    local dump common=${#pids[@]}
    "${gw[@]}" tcpdump --immediate-mode -q -U -Z root -i "$(of point "$1" gin)" -s "$(of snap "$1" 0)" -w "$dir/input.pcap" \
        "$(of filter "$1" 'not arp and not icmp6')" 2>"$dir/tcpdump.log" &
    dump=$!
    sleep 0.7
    "$1" >"$dir/$1.log" 2>&1 || echo "$1: ended with an error" >&2
    sleep 0.7
    kill "$dump"
    wait "$dump" 2>/dev/null || true
    stop_after "$common" # what the scenario alone has started
    if declare -F "finish_$1" >/dev/null; then "finish_$1" "$dir/input.pcap"; fi
    mkdir -p "$replay/$1"
    cp "$dir/input.pcap" "$replay/$1/input.pcap"
    [ -z "${XFL_DEBUG:-}" ] || cat "$dir/$1.log"
    echo "$1: $(stat -c %s "$replay/$1/input.pcap") bytes"
}

longer() { # file seconds [gap]: its pauses (longer than the gap, in seconds) grow, so that it lasts so long
    python3 "$here/stretch.py" --duration "$2" --gap "${3:-0.01}" "$1" "$1.long"
    mv "$1.long" "$1"
}

heads() { # file frames: of each connection so many frames stay whole
    python3 "$here/trim.py" --whole "$2" "$1" "$1.short"
    mv "$1.short" "$1"
}

# shellcheck disable=SC2154 # all is the sourcing script's
run_lab() { # scenario...|all|list
    local name
    case ${1:-list} in
    list) printf '%s\n' "${all[@]}" && exit ;;
    all) set -- "${all[@]}" ;;
    esac
    trap cleanup EXIT
    "$here/ns.sh" down 2>/dev/null || true
    "$here/ns.sh" up
    dir=$(mktemp -d "/tmp/$XFL_PREFIX.XXXXXX")
    chmod 755 "$dir"
    prepare
    for name; do record "$name"; done
}
