# shellcheck shell=bash
# A machine to install on, for scripts that source this: a Debian in a folder, booted by its own systemd, with a Docker engine
# in it and a network of its own, of which "the world" is the other end. Nothing of it touches the machine that it runs on.

# What a fresh server in Oracle's cloud has that a bare Debian has not, and the engine, which install.sh would fetch.
readonly MACHINE_PACKAGES=systemd,systemd-sysv,dbus,iproute2,iptables,iptables-persistent,ca-certificates,curl,procps,openssl,xz-utils,docker.io
readonly MACHINE_ADDRESS=203.0.113.10 WORLD_ADDRESS=203.0.113.1
readonly MACHINE_ADDRESS6=2001:db8::10 WORLD_ADDRESS6=2001:db8::1
readonly REGISTRY=$WORLD_ADDRESS:5000
readonly PLUGINS=usr/local/lib/docker/cli-plugins

machine_root=
machine_process=
machine_leader=
registry_process=
machine_name=meetbox-$$
world_name=meetbox-world-$$

# machine_make FOLDER: puts the machine there. What Debian has of it is kept for the next time.
machine_make() {
    machine_root=$1
    local kept=.meetbox/machine
    if [[ $(cat "$kept/packages" 2>/dev/null) != "$MACHINE_PACKAGES" ]]; then
        rm -rf "$kept"
        mkdir -p "$kept"
        debootstrap --variant=minbase --include="$MACHINE_PACKAGES" bookworm "$kept/root" >"$kept/log" 2>&1 ||
            { tail -n 5 "$kept/log" && return 1; }
        printf '%s\n' "$MACHINE_PACKAGES" >"$kept/packages"
    fi
    cp -a "$kept/root" "$machine_root"
    install -D .meetbox/bin/docker-compose "$machine_root/$PLUGINS/docker-compose"
    echo vm >"$machine_root/etc/hostname"
    # Where nobody answers names, and says so at once.
    printf 'nameserver %s\n' "$WORLD_ADDRESS" >"$machine_root/etc/resolv.conf"
    mkdir -p "$machine_root/etc/docker"
    printf '{ "registry-mirrors": ["http://%s"], "insecure-registries": ["%s"] }\n' "$REGISTRY" "$REGISTRY" \
        >"$machine_root/etc/docker/daemon.json"
    # Containers get their cgroups only where they may be written to.
    machine_unit cgroups.service <<'END'
[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=sh -c 'for at in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,rw "$at" 2>/dev/null || true; done'
[Install]
WantedBy=sysinit.target
END
    # Somebody who can be reached as SSH is, by the rules that the cloud has.
    machine_unit greeter.socket <<'END'
[Socket]
ListenStream=22
ListenStream=8080
Accept=yes
[Install]
WantedBy=sockets.target
END
    machine_unit greeter@.service <<'END'
[Service]
ExecStart=echo SSH-2.0-greeter
StandardOutput=socket
END
}

# machine_unit NAME: a unit of the machine's, from stdin, which is started with it when it can be.
machine_unit() {
    cat >"$machine_root/etc/systemd/system/$1"
    if grep -q '^\[Install\]' "$machine_root/etc/systemd/system/$1"; then
        systemctl --quiet --root "$machine_root" enable "$1"
    fi
}

# machine_boot: starts it, with a network in which nothing is left of the time before.
machine_boot() {
    machine_network
    systemd-nspawn --register=no --keep-unit --quiet --boot --directory "$machine_root" --machine "$machine_name" \
        --network-namespace-path "/run/netns/$machine_name" --capability=all --system-call-filter='@keyring bpf' \
        --setenv=TERM=dumb </dev/null >>"$machine_root.log" 2>&1 &
    machine_process=$!
    local _
    for _ in {1..120}; do
        machine_leader=$(pgrep --parent "$machine_process" 2>/dev/null | head -n 1 || true)
        if [[ -n $machine_leader ]] && machine systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'; then
            return 0
        fi
        kill -0 "$machine_process" 2>/dev/null || break
        sleep 0.5
    done
    tail -n 5 "$machine_root.log"
    return 1
}

machine_network() {
    ip netns delete "$machine_name" 2>/dev/null || true
    ip netns delete "$world_name" 2>/dev/null || true
    ip netns add "$machine_name"
    ip netns add "$world_name"
    ip -netns "$machine_name" link add eth0 type veth peer name eth0 netns "$world_name"
    local name
    # Every refusal is told, and not one a second.
    ip netns exec "$machine_name" sysctl --quiet net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
    for name in "$machine_name" "$world_name"; do
        ip -netns "$name" link set lo up
        ip -netns "$name" link set eth0 up
    done
    ip -netns "$machine_name" address add "$MACHINE_ADDRESS/24" dev eth0
    ip -netns "$machine_name" address add "$MACHINE_ADDRESS6/64" dev eth0 nodad
    ip -netns "$machine_name" route add default via "$WORLD_ADDRESS"
    ip -netns "$world_name" address add "$WORLD_ADDRESS/24" dev eth0
    ip -netns "$world_name" address add "$WORLD_ADDRESS6/64" dev eth0 nodad
}

# machine COMMAND…: runs it there, with nothing of the environment here.
machine() {
    nsenter --target "$machine_leader" --all -- env --ignore-environment HOME=/root LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# setting NAME: what is set in the installed Meetbox.
setting() {
    sed -n "s/^$1=//p" "$machine_root/etc/meetbox/meetbox.env"
}

# container SERVICE FIELD: what the engine says of it.
container() {
    machine docker inspect --format "{{$2}}" "meetbox-$1-1"
}

# sql STATEMENT: runs it in Meetbox's database.
sql() {
    machine docker exec --user 999 meetbox-postgres-1 psql -U meetbox -tAc "$1"
}

# redis COMMAND…
redis() {
    machine docker exec meetbox-redis-1 sh -c "REDISCLI_AUTH=\$REDIS_PASSWORD redis-cli $*"
}

# world_knows NAME: that the name is the machine's, out there.
world_knows() {
    mkdir -p "/etc/netns/$world_name"
    printf '127.0.0.1 localhost\n%s %s\n' "$MACHINE_ADDRESS" "$1" >"/etc/netns/$world_name/hosts"
}

# world COMMAND…: runs it here, at the other end of the machine's network.
world() {
    ip netns exec "$world_name" "$@"
}

# machine_halt: as its power button does.
machine_halt() {
    machine systemctl poweroff >/dev/null 2>&1 || true
    local _
    for _ in {1..240}; do
        kill -0 "$machine_process" 2>/dev/null || break
        sleep 0.5
    done
    machine_end
}

# machine_end: whatever state it is in, leaves nothing of it running.
machine_end() {
    if [[ -n $machine_process ]] && kill -0 "$machine_process" 2>/dev/null; then
        kill -KILL "$machine_leader" 2>/dev/null || true
        kill -KILL "$machine_process" 2>/dev/null || true
    fi
    [[ -z $machine_process ]] || wait "$machine_process" 2>/dev/null || true
    machine_process=
    rm -rf "/etc/netns/$world_name"
    ip netns delete "$machine_name" 2>/dev/null || true
    ip netns delete "$world_name" 2>/dev/null || true
}

# registry_start FOLDER: a registry of images out there, with its files in the folder, from which the machine's engine pulls
# what it would from Docker's own.
registry_start() {
    cat >"$1/registry.yaml" <<END
version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: $1/registry } }
http: { addr: $REGISTRY }
END
    ip netns exec "$world_name" docker-registry serve "$1/registry.yaml" >"$1/registry.log" 2>&1 &
    registry_process=$!
}

registry_end() {
    [[ -z $registry_process ]] || kill "$registry_process" 2>/dev/null || true
    registry_process=
}

# registry_fill BINARY COMPOSE-FILE: makes the images in the machine's engine, and leaves them in the registry alone.
registry_fill() {
    DOCKER_HOST=unix:///proc/$machine_leader/root/run/docker.sock packaging/compose/stand-ins.sh "$1" "$2"
    local image name
    for image in $(machine docker image ls --format '{{.Repository}}:{{.Tag}}'); do
        name=$image
        [[ $name == */* ]] || name=library/$name
        machine docker tag "$image" "$REGISTRY/$name"
        machine docker push --quiet "$REGISTRY/$name"
        machine docker image rm "$image" "$REGISTRY/$name" >/dev/null
    done
}
