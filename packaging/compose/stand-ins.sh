#!/usr/bin/env bash
# Makes images with the names that a compose file has, out of the programs of this machine, for an engine that can pull
# none: `stand-ins.sh MEETBOX-BINARY COMPOSE-FILE`. packaging/test-compose.sh and test-install.sh run it; the engine is the
# one in DOCKER_HOST.
#
# Each holds the real program with the libraries that it asks for, and busybox in place of the rest of a system. Only
# the recorder is not the real one: there is no package of it.
set -euo pipefail

meetbox=$(realpath "$1")
compose_file=$(realpath "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH=$PATH:$PWD/.meetbox/bin

main() {
    local service
    for service in redis storage livekit egress postgres frontend caddy; do
        if [[ -n $(image_of "$service") ]]; then "$service"; fi
    done
    if [[ -n $(image_of localstack) && -e .meetbox/localstack/installed ]]; then localstack; fi
}

# image_of SERVICE: the name that the compose file gives its image; nothing when it has no such service.
image_of() {
    sed -n "/^  $1:\$/,/^    image:/s/^    image: \"\?\([^\"@]*\).*/\1/p" "$compose_file"
}

# begin NAME: a file system with a shell and the usual small programs, in $root.
begin() {
    root=$work/$1
    mkdir -p "$root"/{usr/bin,usr/lib,usr/lib64,usr/sbin,etc,tmp,proc,sys,dev,root}
    ln -s usr/bin "$root/bin"
    ln -s usr/sbin "$root/sbin"
    ln -s usr/lib "$root/lib"
    ln -s usr/lib64 "$root/lib64"
    chmod 1777 "$root/tmp"
    printf 'root:x:0:0::/root:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\negress:x:1001:0::/tmp:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\npostgres:x:999:\n' >"$root/etc/group"
    cp /usr/bin/busybox "$root/usr/bin/"
    chroot "$root" /usr/bin/busybox --install -s /usr/bin
}

# add FILE…: programs or libraries with all that they load, at the places where they are here.
add() {
    local file library
    for file in "$@"; do
        copy "$file"
        while read -r library; do copy "$library"; done < <(ldd "$file" 2>/dev/null | grep -o '/[^ ]*' || true)
    done
}

# A link of busybox in the way is no file of ours.
copy() {
    local at=$root$1
    [[ -e $1 ]] || return 0
    mkdir -p "${at%/*}"
    cp --dereference --remove-destination "$1" "$at"
}

# add_program NAME…: into /usr/bin, wherever it is here.
add_program() {
    local name file
    for name in "$@"; do
        file=$(readlink -f "$(type -P "$name")")
        add "$file"
        [[ $file == "/usr/bin/$name" ]] || mv "$root$file" "$root/usr/bin/$name"
    done
}

# Busybox's own shell prefers the programs in it, and its setpriv changes nobody.
debian_shell() {
    add "$(command -v dash)" "$(command -v setpriv)"
    ln -sf dash "$root/usr/bin/sh"
}

# finish IMAGE CHANGE…: makes an image of it.
finish() {
    local image=$1 change changes=()
    shift
    for change in 'ENV PATH=/usr/local/bin:/usr/bin:/usr/sbin' "$@"; do changes+=(--change "$change"); done
    tar -C "$root" -c . | docker import "${changes[@]}" - "$image" >/dev/null
    rm -rf "$root"
    printf 'made %s\n' "$image"
}

redis() {
    begin redis
    add_program redis-server redis-cli
    mkdir "$root/data"
    # The account that the official image has.
    chown 999:1000 "$root/data"
    finish "$(image_of redis)" 'WORKDIR /data' 'CMD ["redis-server"]'
}

storage() {
    begin storage
    add_program versitygw
    finish "$(image_of storage)" 'ENTRYPOINT ["versitygw"]'
}

livekit() {
    begin livekit
    add_program livekit-server
    finish "$(image_of livekit)" 'ENTRYPOINT ["livekit-server"]'
}

caddy() {
    begin caddy
    add_program caddy
    finish "$(image_of caddy)" 'ENV XDG_DATA_HOME=/data' 'ENV XDG_CONFIG_HOME=/config' \
        'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]'
}

# Refuses a configuration that the recorder would not understand, needs the Redis in it and the rescue folder, and then
# only says that it lives.
egress() {
    begin egress
    add /usr/bin/docker-init
    add "$meetbox"
    mv "$root$meetbox" "$root/usr/bin/meetbox"
    mkdir -p "$root/srv" "$root/figures"
    echo OK >"$root/srv/index.html"
    # It is idle for ever.
    echo 'livekit_egress_can_accept_request{cluster_id="",node_id="NE_stand-in"} 1' >"$root/figures/metrics"
    cat >"$root/entrypoint.sh" <<'END'
#!/bin/sh
set -eu
meetbox egress-config --check "$EGRESS_CONFIG_FILE"
redis=$(sed -nE 's/^  address: "(.*)"/\1/p' "$EGRESS_CONFIG_FILE")
nc -w 3 "${redis%:*}" "${redis#*:}" </dev/null
rescue=$(sed -nE 's/^  prefix: "(.*)"/\1/p' "$EGRESS_CONFIG_FILE")
touch "$rescue/stand-in" && rm "$rescue/stand-in"
echo "stand-in for the recorder: redis $redis, $(grep endpoint "$EGRESS_CONFIG_FILE")"
# Listens for orders, which nobody carries out.
password=$(sed -nE 's/^  password: "(.*)"/\1/p' "$EGRESS_CONFIG_FILE")
(
    if [ -n "$password" ]; then printf 'AUTH %s\r\n' "$password"; fi
    printf 'SUBSCRIBE EgressInternal|StartEgress||REQ\r\n'
    exec sleep 1000000
) | nc "${redis%:*}" "${redis#*:}" >/dev/null &
port=$(sed -nE 's/^prometheus_port: ([1-9][0-9]*)$/\1/p' "$EGRESS_CONFIG_FILE")
if [ -n "$port" ]; then httpd -p "$port" -h /figures; fi
exec httpd -f -p 9090 -h /srv
END
    chmod +x "$root/entrypoint.sh"
    finish "$(image_of egress)" 'USER egress' 'ENTRYPOINT ["/usr/bin/docker-init", "--", "/entrypoint.sh"]'
}

# With what the official image does before its server starts.
postgres() {
    local programs version
    programs=$(find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' | sort --version-sort | tail -n 1)
    version=$(basename "${programs%/bin}")
    begin postgres
    mkdir -p "$root/usr/lib/postgresql/$version" "$root/usr/share/postgresql"
    cp -a "/usr/share/postgresql/$version" "$root/usr/share/postgresql/"
    cp -aL /usr/share/zoneinfo "$root/usr/share/zoneinfo"
    cp -a "/usr/lib/postgresql/$version/lib" "$root/usr/lib/postgresql/$version/lib"
    # The compiler for queries is larger than everything else, and not needed.
    rm -rf "$root/usr/lib/postgresql/$version/lib"/{llvmjit*,bitcode}
    debian_shell
    add "$programs"/{postgres,initdb,psql,pg_isready,pg_ctl,pg_dump,pg_restore}
    add "/usr/lib/postgresql/$version/lib"/{libpqwalreceiver,plpgsql,dict_snowball,pgcrypto}.so
    cat >"$root/entrypoint.sh" <<'END'
#!/bin/sh
set -eu
data=/var/lib/postgresql/data
chown postgres "$data"
as="setpriv --reuid 999 --regid 999 --clear-groups"
if [ ! -e "$data/PG_VERSION" ]; then
    printf %s "$POSTGRES_PASSWORD" >/tmp/password
    chown postgres /tmp/password
    $as initdb -D "$data" -U "$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C
    rm /tmp/password
    echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
    echo "create database $POSTGRES_DB" | $as postgres --single -D "$data" -j postgres
fi
mkdir -p /var/run/postgresql
chown postgres /var/run/postgresql
exec $as postgres -D "$data" -k /var/run/postgresql -c listen_addresses='*'
END
    chmod +x "$root/entrypoint.sh"
    finish "$(image_of postgres)" "ENV PATH=$programs:/usr/bin:/usr/sbin" 'ENTRYPOINT ["/entrypoint.sh"]'
}

frontend() {
    local npm
    npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
    begin frontend
    debian_shell
    add_program node
    mkdir -p "$root/usr/lib/node_modules"
    cp -a "$npm" "$root/usr/lib/node_modules/npm"
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
    finish "$(image_of frontend)"
}

# As `make test` installs it, at the place where it is here: Python's environments know their own. The official image
# has a command `awslocal`, of which only what our script asks is here.
localstack() {
    local python library here=$PWD/.meetbox/localstack modules
    python=$(readlink -f "$here/bin/python3")
    library=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
    begin localstack
    debian_shell
    add_program curl
    mapfile -t modules < <(find "$here" "$library/lib-dynload" -name '*.so')
    add "$python" "${modules[@]}"
    mkdir -p "$root$library" "$root$here" "$root/usr/share" "$root/var/lib/localstack" "$root/usr/lib/localstack"
    cp -aL /usr/share/zoneinfo "$root/usr/share/zoneinfo"
    tar -C "$library" --exclude ./site-packages --exclude ./test --exclude __pycache__ -c . | tar -C "$root$library" -x
    cp -a "$here/." "$root$here"
    ln -sf "${python##*/}" "$root${python%/*}/python3"
    cat >"$root/usr/bin/awslocal" <<END
#!$here/bin/python3
import sys, boto3
verb, bucket = sys.argv[2].replace("-", "_"), sys.argv[4]
keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "us-east-1"}
getattr(boto3.client("s3", endpoint_url="http://127.0.0.1:4566", **keys), verb)(Bucket=bucket)
END
    chmod +x "$root/usr/bin/awslocal"
    finish "$(image_of localstack)" "ENTRYPOINT [\"$here/bin/localstack-supervisor\"]"
}

main
