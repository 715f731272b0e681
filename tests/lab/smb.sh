#!/bin/bash
# SPDX-License-Identifier: MIT
# smb.sh SCENARIO...|all|list: what people and intruders do on a Samba server with shares like those of Windows, between the
# namespaces of ns.sh, recorded at the gateway into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump ethtool iproute2 samba smbclient python3 python3-impacket.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
replay=$here/../replay
export XFL_PREFIX=${XFL_PREFIX:-smb}
cli=(ip netns exec "$XFL_PREFIX-cli") gw=(ip netns exec "$XFL_PREFIX-gw") srv=(ip netns exec "$XFL_PREFIX-srv")
server=10.20.2.20
dir=
pids=()

cleanup() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    "$here/ns.sh" down
    [ -z "$dir" ] || rm -rf "$dir"
}

files() { # what lies on the shares and at the client: invented, told by its first bytes
    mkdir -p "$dir"/{admin/Temp,admin/System32,c/logs,data,profiles,me}
    python3 - "$dir" <<'PY'
import os, random, struct, sys
d = sys.argv[1]
random.seed(7)
def put(name, head, size):
    with open(os.path.join(d, name), 'wb') as f:
        f.write(head + bytes(random.randrange(256) if size < 70000 else 0 for _ in range(size - len(head))))
pe = b'MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0' + bytes(44) + struct.pack('<I', 128) + bytes(64) + b'PE\0\0\x64\x86\6\0'
put('me/updater.exe', pe, 24000)
put('me/setup.exe', pe, 24000)
put('data/setup.exe', pe, 24000)
put('c/tool.bin', pe, 20000)
put('me/evil.so', b'\x7fELF\2\1\1' + bytes(9) + b'\3\0\x3e\0', 16000)
put('admin/Temp/kXbQtRwZ.tmp', b'regf\1\0\0\0\1\0\0\0' + bytes(20) + b'\1\0\0\0\3\0\0\0', 40000)
put('admin/Temp/ntds.dit', bytes(4) + b'\xef\xcd\xab\x89' + struct.pack('<II', 0x620, 0), 48000)
put('me/lsass.dmp', b'MDMP\x93\xa7\0\0', 30000)
put('profiles/NTUSER.DAT', b'regf\1\0\0\0\1\0\0\0' + bytes(20) + b'\1\0\0\0\3\0\0\0', 30000)
for i in range(6):
    open(os.path.join(d, f'me/report{i}.txt'), 'w').write('minutes of the meeting\n' * 200)
open(os.path.join(d, 'c/logs/app.log'), 'w').write('2026-11-23 started\n' * 100)
PY
    chmod -R a+rwX "$dir"
}

start_server() {
    mkdir -p "$dir/state"
    cat >"$dir/smb.conf" <<CONF
[global]
 workgroup = CORP
 netbios name = FILES
 server role = standalone server
 bind interfaces only = yes
 interfaces = $server/24
 smb ports = 445
 lock directory = $dir/state
 state directory = $dir/state
 cache directory = $dir/state
 pid directory = $dir/state
 private dir = $dir/state
 ncalrpc dir = $dir/state/ncalrpc
 log file = $dir/smbd.log
 passdb backend = tdbsam:$dir/state/passdb.tdb
 disable spoolss = yes
 load printers = no
 server min protocol = NT1
 ntlm auth = yes
 server smb encrypt = off
 map to guest = Never
 restrict anonymous = 0
 admin users = root
[ADMIN\$]
 path = $dir/admin
 read only = no
[C\$]
 path = $dir/c
 read only = no
[data]
 path = $dir/data
 read only = no
[profiles]
 path = $dir/profiles
 read only = no
CONF
    printf 'Secret-1\nSecret-1\n' | smbpasswd -c "$dir/smb.conf" -s -a root >/dev/null 2>&1
    "${srv[@]}" smbd -F --no-process-group -s "$dir/smb.conf" >"$dir/smbd.out" 2>&1 &
    pids+=($!)
    sleep 1.5
}

client() { # share commands [options]
    local share=$1 commands=$2
    shift 2
    (cd "$dir/me" && "${cli[@]}" smbclient "//$server/$share" -s "$dir/smb.conf" -U 'CORP/root%Secret-1' "$@" -c "$commands") >/dev/null 2>&1 || true
}

# ---- scenarios ----

smb_admin_copy() { # a program put on ADMIN$, one fetched from C$ under a name that is not a program's
    client 'ADMIN$' 'cd Temp; put updater.exe; ls; del updater.exe'
    client 'C$' 'get tool.bin'
}

smb_secrets() { # a hive under a random name (as secretsdump leaves it), the directory database, a dump put on a share
    client 'ADMIN$' 'cd Temp; get kXbQtRwZ.tmp; get ntds.dit'
    client data 'put lsass.dmp'
}

smb1_ms17_010() { # the test for MS17-010, the question for DoublePulsar, EternalBlue's change of kind; no code
    "${cli[@]}" /usr/bin/python3 "$here/smb_odd.py" "$server"
}

smb_sambacry() { # a library written to a share, its path opened as a pipe
    client data 'put evil.so'
    "${cli[@]}" /usr/bin/python3 "$here/smb_pipe.py" "$server" root Secret-1 "$dir/data/evil.so" || true
}

benign_smb() { # a user's morning: documents, an installer from a share, a profile, a mistyped password; an administrator's log
    client data 'ls' -U 'CORP/root%wrong'
    client data 'mkdir minutes; cd minutes; prompt OFF; mput report*.txt; ls; get report1.txt; rename report1.txt final.txt; del report2.txt'
    client data 'get setup.exe'
    client profiles 'get NTUSER.DAT; put report0.txt' -m SMB2
    client data 'ls; get minutes/final.txt' -m NT1
    client 'C$' 'cd logs; ls; get app.log'
}

record() { # scenario
    local pid
    "${gw[@]}" tcpdump --immediate-mode -q -Z root -i gin -U -s 0 -w "$dir/$1.pcap" 'not arp and not icmp6' >/dev/null 2>"$dir/tcpdump.log" &
    pid=$!
    sleep 0.7
    "$1" >"$dir/$1.log" 2>&1 || { cat "$dir/$1.log" >&2; echo "$1 failed" >&2; }
    sleep 0.7
    kill "$pid"
    wait "$pid" || true
    mkdir -p "$replay/$1"
    cp "$dir/$1.pcap" "$replay/$1/input.pcap"
    ls -l "$replay/$1/input.pcap"
}

all=(smb_admin_copy smb_secrets smb1_ms17_010 smb_sambacry benign_smb)
[ "${1:-list}" = list ] && { printf '%s\n' "${all[@]}"; exit 0; }
[ "$1" = all ] && set -- "${all[@]}"
trap cleanup EXIT
"$here/ns.sh" up
dir=$(mktemp -d /tmp/smb.XXXXXX)
chmod 755 "$dir"
files
start_server
for scenario; do record "$scenario"; done
