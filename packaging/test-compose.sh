#!/usr/bin/env bash
# Brings compose.yaml up for real, on a Docker engine of its own, and sees that it keeps what it promises:
# `packaging/test-compose.sh MEETBOX-BINARY`, with a static binary. Ends with a tally as cargo has it.
#
# The engine runs in a network of its own, so that its ports and firewall rules touch nothing here, with its data in a
# folder that is removed. It pulls nothing: the images are made of this machine's programs (compose/stand-ins.sh).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=packaging/facts.sh
. packaging/facts.sh

readonly SERVICES=(postgres redis storage livekit egress backend frontend)
# How long the whole may take to become healthy, on a busy machine.
readonly PATIENCE=240

engine=

main() {
    local binary=$1
    work=$(mktemp -d /tmp/meetbox-compose.XXXXXX)
    trap end EXIT
    start_engine

    packaging/compose/stand-ins.sh "$binary" compose.yaml
    packaging/image.sh "$binary" meetbox:local

    everything_is_healthy
    the_ports_answer
    livekit_tells_the_backend
    media_flows
    what_is_written_stays
    what_freezes_is_started_again
    every_service_has_a_log
    localstack_comes_on_demand

    tally
}

start_engine() {
    ((EUID == 0)) || skip 'only root can start a Docker engine'
    packaging/dev-prerequisites.sh --containers || skip 'what an engine needs cannot be installed'
    export PATH=$PATH:$PWD/.meetbox/bin
    export DOCKER_HOST=unix://$work/socket DOCKER_CONFIG=$work/config
    mkdir -p "$DOCKER_CONFIG/cli-plugins"
    ln -s "$PWD/.meetbox/bin/docker-compose" "$DOCKER_CONFIG/cli-plugins/docker-compose"
    echo '{}' >"$work/daemon.json"

    # The shell becomes the engine, so that its process id is known.
    # shellcheck disable=SC2016 # the inner shell expands it
    unshare --net --mount sh -c 'ip link set lo up && exec dockerd --config-file "$1/daemon.json" --data-root "$1/data" \
        --exec-root "$1/exec" --pidfile "$1/pid" --host "$DOCKER_HOST"' sh "$work" >"$work/engine.log" 2>&1 &
    engine=$!
    for _ in {1..60}; do
        if docker info >/dev/null 2>&1; then return 0; fi
        kill -0 "$engine" 2>/dev/null || break
        sleep 0.5
    done
    tail -n 5 "$work/engine.log"
    skip 'a Docker engine does not run here'
}

# Leaves nothing behind, whatever happened.
end() {
    local containers
    if [[ -n $engine ]] && kill -0 "$engine" 2>/dev/null; then
        containers=$(docker ps --all --quiet 2>/dev/null || true)
        # shellcheck disable=SC2086 # one word for each
        [[ -z $containers ]] || docker rm --force --volumes $containers >/dev/null 2>&1 || true
        kill "$engine"
        wait "$engine" || true
    fi
    rm -rf "$work"
}

# The values of .env.example, as a developer copies them. The packages of the web app are those that are here: nothing
# is fetched.
compose() {
    docker compose --env-file .env.example --file compose.yaml --file "$work/packages.yaml" --project-directory . "$@"
}

up() {
    compose up --no-build --wait --wait-timeout "$PATIENCE"
}

# at ADDRESS [OPTION…]: asks it from the machine that the ports are open on.
at() {
    local address=$1
    shift
    nsenter --net --target "$engine" curl -fsS --max-time 60 "$@" "$address"
}

# state SERVICE FIELD: what the engine says of its container.
state() {
    docker inspect --format "{{$2}}" "$(compose ps --all --quiet "$1")"
}

is_healthy() {
    [[ $(state "$1" .State.Health.Status) == healthy ]]
}

everything_is_healthy() {
    printf 'services:\n  frontend:\n    volumes:\n      - ./web/node_modules:/src/web/node_modules\n' >"$work/packages.yaml"
    check 'everything comes up' up
    local service
    for service in "${SERVICES[@]}"; do check "$service is healthy" is_healthy "$service"; done
}

the_ports_answer() {
    check 'the web app answers on 3000' at http://localhost:3000/
    check 'the API answers on 3001' at http://localhost:3001/readyz
    check 'the API answers behind the web app' at http://localhost:3000/readyz
    check 'LiveKit answers on 7880' at http://localhost:7880/
    check 'the bucket is there, under the address that browsers are given' s3 '' --head
    check 'no port is open but on loopback' only_loopback
}

only_loopback() {
    local open
    open=$(nsenter --net --target "$engine" ss --no-header --numeric --listening --tcp --udp)
    grep -q '127.0.0.1:7882' <<<"$open" && ! grep -vE ' 127\.0\.0\.[0-9]+:[0-9]+ ' <<<"$open"
}

# s3 KEY [OPTION…]: asks the store for an object of the bucket. Curl leaves the header out that stores want.
s3() {
    local key=$1
    shift
    at "http://storage.localhost:7070/livekit-recordings/$key" --aws-sigv4 aws:amz:us-east-1:s3 \
        --user meetbox:for-one-developers-machine-only --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"
}

# A room begins, and LiveKit's webhook about it arrives.
livekit_tells_the_backend() {
    check 'a room can be made with the key' make_room
    check 'the webhook about it arrives' eventually 20 logged backend 'POST /livekit/webhook 200'
}

make_room() {
    at http://localhost:7880/twirp/livekit.RoomService/CreateRoom --header 'content-type: application/json' \
        --header "authorization: Bearer $(token '"roomCreate":true')" --data '{"name":"blue-heron"}'
}

token() {
    livekit_token devkey for-one-developers-machine-only-0123 "$1"
}

logged() {
    compose logs --no-log-prefix "$1" | grep -F "$2"
}

# The two who reach LiveKit in different ways: browsers on this machine, and the recorder.
media_flows() {
    check 'media flows from this machine, by 127.0.0.1 alone' publishes from_this_machine ws://127.0.0.1:7880
    check 'media flows from a container' publishes from_a_container ws://livekit:7880
}

# publishes COMMAND ADDRESS: whether a participant who joins there gets a sound across.
publishes() {
    local command=$1 said
    said=$({
        echo 'publish microphone'
        sleep 2
    } | "$command" sdk-participant.mjs "$2" "$(token '"roomJoin":true,"room":"grey-heron"')" 2>&1)
    grep '"event":"published"' <<<"$said" || { printf '%s\n' "$said" && return 1; }
}

# Linux reaches a container by its own address too, which other systems do not: the group that asks is kept from it.
from_this_machine() {
    nsenter --net --target "$engine" sh -c 'iptables --insert OUTPUT --match owner --gid-owner 65534 \
        --destination 172.30.77.0/24 --jump DROP
        cd tests/e2e && exec setpriv --regid 65534 --clear-groups timeout 60 node "$@"' sh "$@"
}

from_a_container() {
    docker run --rm --interactive --network livekit-network --volume "$PWD/tests/e2e:/e2e:ro" --workdir /e2e \
        "$(sed -n 's/^    image: \(node:.*\)/\1/p' compose.yaml)" timeout 60 node "$@"
}

what_is_written_stays() {
    echo kept >"$work/keepsake"
    check 'Postgres takes it' sql "create table keepsake (word text); insert into keepsake values ('kept')"
    check 'Redis takes it' compose exec -T redis redis-cli set keepsake kept
    check 'the store takes it' s3 keepsake --upload-file "$work/keepsake"

    check 'everything is healthy after a restart' restart
    everything_is_kept 'after a restart'

    compose down >/dev/null 2>&1
    check 'everything is healthy after down and up' up
    everything_is_kept 'after down and up'
}

restart() {
    compose restart && up
}

sql() {
    compose exec -T --env PGPASSWORD=changeme postgres psql -h 127.0.0.1 -U meetbox -d meetbox -tAc "$1"
}

everything_is_kept() {
    check "Postgres has it $1" answers_kept sql 'select word from keepsake'
    check "Redis has it $1" answers_kept compose exec -T redis redis-cli get keepsake
    check "the store has it $1" answers_kept s3 keepsake
}

answers_kept() {
    "$@" | grep -x kept
}

# One of ours, and one that is not.
what_freezes_is_started_again() {
    freeze backend
    freeze livekit
    check 'a frozen backend is started again' eventually 90 restarted backend
    check 'and its log says so' logged backend 'left 3 health checks in a row without an answer'
    check 'a frozen LiveKit is started again' eventually 90 restarted livekit
    check 'and its log says so too' logged livekit 'health check failed three times'
    check 'the recorder reaches it again' compose exec -T egress wget -q -O /dev/null http://livekit:7880/
    check 'the backend still answers' at http://localhost:3001/readyz
}

# Stops the service itself, which is the child of the container's init.
freeze() {
    local init
    init=$(state "$1" .State.Pid)
    kill -STOP "$(awk '{print $1}' "/proc/$init/task/$init/children")"
}

restarted() {
    (($(state "$1" .RestartCount) > 0)) && is_healthy "$1"
}

every_service_has_a_log() {
    local service
    for service in "${SERVICES[@]}"; do check "docker logs has lines of $service" logged "$service" ''; done
}

localstack_comes_on_demand() {
    if ! docker image inspect "$(compose --profile localstack config --images | grep localstack/)" >/dev/null 2>&1; then
        echo 'skipped: LocalStack is not installed here; make test does it'
        return 0
    fi
    check 'LocalStack comes up on demand, and Meetbox with it' on_localstack
    check 'its script has made the bucket' compose --profile localstack exec -T localstack \
        awslocal s3api head-bucket --bucket livekit-recordings
    check 'Meetbox keeps objects there' logged backend 'connected to object storage'
}

on_localstack() {
    S3_ENDPOINT=http://localstack.localhost:4566 \
        compose --profile localstack up --no-build --wait --wait-timeout "$PATIENCE" localstack backend
}

if (($# != 1)); then
    echo 'usage: packaging/test-compose.sh MEETBOX-BINARY' >&2
    exit 1
fi
main "$1"
