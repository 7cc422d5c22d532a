#!/usr/bin/env bash
# namespace.sh BASE BINARY: in namespaces of its own, makes a machine of this one below BASE/memory/root. What is written there
# lands in BASE/memory/up, and nothing anywhere else. Ends with its standard input.
set -euo pipefail
readonly BASE=$1 BINARY=$2 MEMORY=$1/memory

# So large that there is room on the machine's disk, which it stands for; it holds a few files.
mount -t tmpfs -o size=40g tmpfs "$MEMORY"
# A layer may not lie in another.
cp -a "$BASE/given" "$MEMORY/given"
mkdir "$MEMORY/up" "$MEMORY/work" "$MEMORY/root"
mount -t overlay overlay -o "lowerdir=$MEMORY/given:/,upperdir=$MEMORY/up,workdir=$MEMORY/work" "$MEMORY/root"
touch "$MEMORY/binary"
mount --bind "$BINARY" "$MEMORY/binary"
cd "$MEMORY/root"
mount --rbind /proc proc
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mkdir -p run/systemd/system tmp/model
touch tmp/meetbox-real
mount --bind "$MEMORY/binary" tmp/meetbox-real

ip link set lo up
ip link add world type veth peer name far
ip address add 203.0.113.7/24 dev world
ip link set world up
ip link set far up
ip route add default via 203.0.113.1
echo ready
read -r _ || true
