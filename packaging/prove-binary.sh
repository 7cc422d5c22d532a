#!/usr/bin/env bash
# Proves that a release's binary works, on a Postgres, a Redis and a LiveKit of its own: it brings the schema up to date,
# serves, answers /health, and gives a token that LiveKit takes. One for another processor runs in qemu. Takes the binary;
# without one, those in dist/. No release is made of one that fails here.
#
# Feature: infrastructure-local-dev, Property 12: it runs on both processors.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=packaging/scratch-postgres.sh
. packaging/scratch-postgres.sh
export PATH=$PATH:$PWD/.meetbox/bin

# How long a start may take; in qemu all takes ten times as long.
readonly PATIENCE_SECONDS=120

main() {
    local binaries=("$@")
    if ((${#binaries[@]} == 0)); then
        mapfile -t binaries < <(compgen -G 'dist/meetbox-*-linux-*' | grep -E 'linux-(amd64|arm64)$')
    fi
    if ((${#binaries[@]} == 0)); then
        printf 'skipped: there is no binary in dist/; make dist builds them\n'
        return 0
    fi
    local binary
    for binary in "${binaries[@]}"; do
        if choose_runner "$binary"; then (prove "$(realpath "$binary")"); fi
    done
}

# What runs the binary here, in `runner`; nothing when this machine does by itself. Fails when nothing can.
choose_runner() {
    local machine
    machine=$(LC_ALL=C readelf --file-header "$1" | sed -n 's/^ *Machine: *//p')
    runner=()
    case $machine/$(uname -m) in
        *X86-64/x86_64 | AArch64/aarch64) ;;
        AArch64/*)
            if ! command -v qemu-aarch64-static >/dev/null; then
                printf 'skipped: %s needs qemu-aarch64-static; packaging/dev-prerequisites.sh --dist installs it\n' "$1"
                return 1
            fi
            runner=(qemu-aarch64-static)
            ;;
        *)
            printf 'skipped: %s is for %s, and this machine is none\n' "$1" "$machine"
            return 1
            ;;
    esac
}

# prove BINARY: in a shell of its own, which takes everything down when it ends.
prove() {
    local folder redis_port livekit_port tcp_port udp_port port
    folder=$(mktemp -d /tmp/meetbox-proof.XXXXXX)
    pids=()
    # Written out now: the variables are gone when it runs.
    # shellcheck disable=SC2064 # on purpose, see above
    trap "end '$folder'" EXIT
    mkdir "$folder/postgres"
    chmod 711 "$folder"
    read -r redis_port livekit_port tcp_port udp_port port < <(free_ports 5)

    start_scratch_postgres "$folder/postgres"
    redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --dir "$folder" >"$folder/redis.log" 2>&1 &
    pids+=($!)
    local secret=proofsecretproofsecretproofsecret42
    livekit-server --bind 127.0.0.1 --node-ip 127.0.0.1 --keys "proofkey: $secret" --config-body \
        "{port: $livekit_port, rtc: {tcp_port: $tcp_port, udp_port: $udp_port, enable_loopback_candidate: true}}" \
        >"$folder/livekit.log" 2>&1 &
    pids+=($!)

    export APP_ENV=local PORT=$port DATABASE_URL="postgresql://meetbox@localhost/postgres?host=$folder/postgres" \
        REDIS_URL=redis://127.0.0.1:$redis_port LIVEKIT_URL=ws://127.0.0.1:$livekit_port \
        LIVEKIT_API_KEY=proofkey LIVEKIT_API_SECRET=$secret
    cd "$folder"
    printf '=== %s %s\n' "${runner[*]}" "$1"
    "${runner[@]}" "$1" version --verbose
    "${runner[@]}" "$1" migrate
    "${runner[@]}" "$1" serve >"$folder/serve.log" 2>&1 &
    pids+=($!)
    wait_for "http://127.0.0.1:$port/readyz" || { cat "$folder/serve.log" >&2; exit 1; }
    ask_it "$1"
    printf '=== %s works\n' "$1"
}

# ask_it BINARY: what a client and LiveKit would.
ask_it() {
    local key pass token
    printf '/health: %s\n' "$(curl -fsS "http://127.0.0.1:$PORT/health")"
    printf '/: %s\n' "$(curl -fsS -o /dev/null -w '%{http_code} %{size_download} bytes' "http://127.0.0.1:$PORT/")"
    key=$("${runner[@]}" "$1" api-key create --name proof --scope admin 2>/dev/null)
    pass=$(curl -fsS "http://127.0.0.1:$PORT/token" -H "authorization: Bearer $key" -H 'content-type: application/json' \
        -d '{"room_name":"blue-heron","name":"Ada"}')
    token=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])' <<<"$pass")
    printf 'POST /token: a token of %s characters; LiveKit says to it: %s\n' "${#token}" \
        "$(curl -fsS "http://127.0.0.1:${LIVEKIT_URL##*:}/rtc/validate?access_token=$token")"
}

# free_ports COUNT: held all at once, so that none comes twice.
free_ports() {
    python3 -c '
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in held))' "$1"
}

# wait_for URL: until it is answered well.
wait_for() {
    local deadline=$((SECONDS + PATIENCE_SECONDS))
    until curl -fsS -o /dev/null --max-time 5 "$1" 2>/dev/null; do
        if ((SECONDS > deadline)); then
            printf 'error: %s did not answer in %s seconds\n' "$1" "$PATIENCE_SECONDS" >&2
            return 1
        fi
        sleep 0.2
    done
}

# end FOLDER
end() {
    if ((${#pids[@]} > 0)); then
        kill "${pids[@]}" 2>/dev/null || true
        wait "${pids[@]}" 2>/dev/null || true
    fi
    stop_scratch_postgres
    rm -rf "$1"
}

main "$@"
