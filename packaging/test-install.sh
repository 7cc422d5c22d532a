#!/usr/bin/env bash
# Installs Meetbox for real on a machine of its own, and sees that it keeps what it promises: `packaging/test-install.sh
# MEETBOX-BINARY`, with a static binary. Ends with a tally as cargo has it.
#
# The machine is a Debian in a folder, booted by its own systemd, with a Docker engine and the firewall rules that Oracle's
# cloud ships. The images are made of this machine's programs (compose/stand-ins.sh), and pulled from a registry beside it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=packaging/facts.sh
. packaging/facts.sh
# shellcheck source=packaging/machine.sh
. packaging/machine.sh
# shellcheck source=packaging/leaving.sh
. packaging/leaving.sh

readonly DOMAIN=meet.example.org
readonly SERVICES=(postgres redis livekit egress caddy)
# Where Caddy keeps its own authority's certificate.
readonly AUTHORITY=/var/lib/docker/volumes/meetbox_caddy-data/_data/caddy/pki/authorities/local/root.crt

main() {
    binary=$(realpath "$1")
    ((EUID == 0)) || skip 'only root can boot a machine'
    packaging/dev-prerequisites.sh --machines || skip 'what a machine needs cannot be installed'
    export PATH=$PATH:$PWD/.meetbox/bin
    work=$(mktemp -d /tmp/meetbox-install.XXXXXX)
    trap end EXIT
    prepare

    installing || return 1
    nobody_else_gets_in
    people_can_meet
    the_doctor_looks
    files_go_from_hand_to_hand
    a_second_run_changes_nothing
    a_recording_is_not_cut_off
    the_service_obeys_systemd
    what_is_written_stays
    what_freezes_is_started_again
    changes_are_carried_on
    it_survives_a_reboot
    upgrading
    taking_it_away
    installing_without_a_network
    moving_after_a_fire

    tally
}

# Leaves nothing behind, whatever happened.
end() {
    registry_end
    machine_end
    rm -rf "$work"
}

# --- the machine ----------------------------------------------------------------------------------------------------

prepare() {
    machine_make "$work/vm" || skip 'a Debian cannot be had here'
    mkdir -p "$machine_root/etc/iptables"
    cp packaging/oci-rules.v4 "$machine_root/etc/iptables/rules.v4"
    cp packaging/oci-rules.v6 "$machine_root/etc/iptables/rules.v6"
    printf '%s %s\n' "$MACHINE_ADDRESS" "$DOMAIN" >>"$machine_root/etc/hosts"
    machine_boot || skip 'a machine cannot be booted here'
    machine docker info >/dev/null || skip 'a Docker engine does not run in a machine here'
    world_knows "$DOMAIN"
    registry_start "$work"
    "$binary" setup --render "$work/rendered" --domain "$DOMAIN" --interface eth0 --address "$MACHINE_ADDRESS" >/dev/null
    registry_fill "$binary" "$work/rendered/etc/meetbox/compose.yaml"
    make_bundle "$binary" 1
}

# make_bundle BINARY NUMBER: as a release has it, on the machine at /root/NUMBER, with its checksum beside it.
make_bundle() {
    local folder=$machine_root/root/$2
    mkdir -p "$folder"
    echo '{}' >"$work/sbom.json"
    SOURCE_DATE_EPOCH=0 packaging/bundle.sh "$1" "$work/sbom.json" install.sh meetbox >"$folder/meetbox.tar.gz"
    (cd "$folder" && sha256sum meetbox.tar.gz >SHA256SUMS)
    cp install.sh "$folder/install.sh"
}

# install NUMBER [OPTION…]: runs that bundle's installer.
install_bundle() {
    local number=$1
    shift
    machine "/root/$number/install.sh" --bundle "/root/$number/meetbox.tar.gz" --yes "$@"
}

# --- what is seen ---------------------------------------------------------------------------------------------------

installing() {
    check 'install.sh installs it' install_bundle 1 --domain "$DOMAIN" --certificate internal --public-address "$MACHINE_ADDRESS"
    # Nothing else can hold where this has failed.
    ((failed == 0)) || { tally || return 1; }
    cp "$machine_root$AUTHORITY" "$work/authority.crt"
    check 'the API is healthy over HTTPS' is_healthy
    check 'plain HTTP is sent on to HTTPS' is_sent_on
    local service
    for service in "${SERVICES[@]}"; do check "$service is healthy" container_is_healthy "$service"; done
    check 'images are pinned by digest' pinned
    check 'secrets are for root alone' secrets_are_kept
    check 'nothing failed in the machine' not machine systemctl --quiet is-failed '*'
}

# https PATH [OPTION…]: as somebody out there asks.
https() {
    local path=$1
    shift
    world curl -fsS --max-time 20 --cacert "$work/authority.crt" "$@" \
        "https://$DOMAIN$path"
}

is_healthy() {
    https /health | grep -F '"status":"healthy"}'
}

is_sent_on() {
    local answer
    answer=$(world curl -sS -o /dev/null -w '%{http_code} %{redirect_url}' "http://$DOMAIN/m/heron?x=1")
    [[ $answer == "308 https://$DOMAIN/m/heron?x=1" ]] || { printf '%s\n' "$answer" && return 1; }
}

container_is_healthy() {
    [[ $(container "$1" .State.Health.Status) == healthy ]]
}

pinned() {
    local found
    found=$(grep -c '^    image: ".*@sha256:' "$machine_root/etc/meetbox/compose.yaml")
    ((found == ${#SERVICES[@]})) || { grep 'image:' "$machine_root/etc/meetbox/compose.yaml" && return 1; }
}

secrets_are_kept() {
    local secret open
    secret=$(setting LIVEKIT_API_SECRET)
    open=$(find "$machine_root"/{etc,usr/local,var/lib/meetbox,var/log,root} -type f -perm /007 \
        -exec grep -lF -- "$secret" {} + || true)
    [[ -z $open ]] || { printf '%s\n' "$open" && return 1; }
    not grep -F -- "$secret" <(machine ps -eo args)
}

# Feature: infrastructure-local-dev, Property 13: of all that listens, the world reaches what it needs and nothing else.
nobody_else_gets_in() {
    check 'from outside, only the ports that meetings need are reached' only_reached "$MACHINE_ADDRESS"
    check 'over IPv6 neither' only_reached "$MACHINE_ADDRESS6"
    check "the cloud's own rules stand as they did" oci_rules_stand
}

only_reached() {
    local address=$1 protocol port reached=() wanted
    while read -r protocol port; do
        if world python3 packaging/probe.py "$protocol" "$address" "$port"; then reached+=("$protocol/$port"); fi
    done < <(listeners "$address" | sort -u)
    wanted="tcp/22 tcp/443 tcp/7881 tcp/80 udp/443$(media_ports)"
    [[ ${reached[*]} == "$wanted" ]] || { printf 'reached: %s\n' "${reached[*]}" && return 1; }
}

# As many as LiveKit has opened of those that it may.
media_ports() {
    machine ss --no-header --numeric --listening --udp | sed -nE 's/.*:(500[0-9]{2}) .*/\1/p' | sort -u | sed 's|^| udp/|' | tr -d '\n'
}

# listeners ADDRESS: protocol and port of everything that listens in that family, on whichever of its addresses.
listeners() {
    local others='^\\['
    if [[ $1 == *:* ]]; then others='^[0-9]'; fi
    machine ss --no-header --numeric --listening --tcp --udp |
        awk -v others="$others" '$5 !~ others { sub(/.*:/, "", $5); print $1, $5 }'
}

oci_rules_stand() {
    diff <(grep '^-A' packaging/oci-rules.v4) \
        <(machine iptables-save --table filter | grep -E '^-A (INPUT|OUTPUT|InstanceServices) ' | grep -v MEETBOX)
}

people_can_meet() {
    check 'somebody signs up with the link' sign_up
    check 'a token opens LiveKit through Caddy' token_opens
    check "and nobody else's does" not https '/rtc/validate?access_token=nonsense'
    check 'media flows from outside' publishes
}

# The link is printed anew as long as nobody has used it.
sign_up() {
    local link
    link=$(machine meetbox account setup-link)
    https /setup --header "origin: https://$DOMAIN" --json \
        "{\"secret\":\"${link#*#}\",\"email\":\"ada@example.org\",\"name\":\"Ada\",\"password\":\"correct horse battery staple\"}" \
        --cookie-jar "$work/cookies" -o "$work/signed-up.json" || { cat "$work/signed-up.json" && return 1; }
}

token_opens() {
    local token
    token=$(https /token --cookie "$work/cookies" --header "origin: https://$DOMAIN" --json '{"room_name":"blue-heron","name":"Ada"}' |
        sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
    [[ $(https "/rtc/validate?access_token=$token") == success ]]
}

publishes() {
    local said
    said=$({
        echo 'publish microphone'
        sleep 3
    } | (cd tests/e2e && SSL_CERT_FILE=$work/authority.crt world timeout 60 node sdk-participant.mjs \
        "wss://$DOMAIN" "$(livekit_token "$(setting LIVEKIT_API_KEY)" "$(setting LIVEKIT_API_SECRET)" \
            '"roomJoin":true,"room":"grey-heron"')") 2>&1)
    grep '"event":"published"' <<<"$said" || { printf '%s\n' "$said" && return 1; }
}

# There is nobody out there to ask for the time or the address, and Caddy's own authority is none that browsers know: that is
# warned of.
the_doctor_looks() {
    check 'the doctor finds nothing that has failed' machine meetbox doctor
    check 'and knows that the recorder takes one more' grep -q 'ok *recorder .*; it takes one more$' <(machine meetbox doctor)
    machine systemctl stop meetbox
    machine docker stop --time 1 meetbox-redis-1 >/dev/null
    check 'and sees when something has' not machine meetbox doctor
    check 'with what mends it' mended_by_its_word
    check 'and is healthy again' eventually 60 is_healthy
}

# Does what stands behind `fix:` below the lines of two checks.
mended_by_its_word() {
    local said
    said=$(machine meetbox doctor || true)
    printf '%s\n' "$said"
    for part in redis meetbox.service; do
        fix=$(grep -A 1 "failed *$part " <<<"$said" | sed -n 's/^ *fix: //p')
        [[ -n $fix ]] && machine sh -c "$fix" || return 1
    done
}

# The recorder is another user, in a container of its own.
files_go_from_hand_to_hand() {
    local way=/var/lib/meetbox/rescue/way
    check 'Meetbox makes a folder' as_meetbox mkdir "$way"
    check 'the recorder writes into it' machine docker exec meetbox-egress-1 sh -c "umask 022 && echo x >$way/x.mp4"
    check 'Meetbox reads what it wrote' as_meetbox cat "$way/x.mp4"
    check 'and takes it away' as_meetbox rm -r "$way"
    check 'nobody else looks into the folder' not machine setpriv --reuid nobody --regid nogroup --clear-groups ls /var/lib/meetbox/rescue
}

as_meetbox() {
    machine setpriv --reuid meetbox --regid meetbox --clear-groups sh -c 'umask 0007 && "$@"' sh "$@"
}

# Feature: infrastructure-local-dev, Property 14: the second run finds everything as it should be.
a_second_run_changes_nothing() {
    state >"$work/before"
    check 'the installer may be run again' install_bundle 1
    state >"$work/after"
    check 'and that changes no file and starts nothing anew' diff "$work/before" "$work/after"
}

# Every file that is not by its nature written all the time, with the times at which it and its entry changed; and since
# when each process of ours runs.
state() {
    find "$machine_root" -xdev \( -path "$machine_root/var/log" -o -path "$machine_root/run" -o -path "$machine_root/tmp" \
        -o -path "$machine_root/var/lib/docker" -o -path "$machine_root/var/lib/containerd" -o -path "$machine_root/var/tmp" \
        -o -path "$machine_root/var/lib/systemd" -o -path "$machine_root/proc" -o -path "$machine_root/sys" \
        -o -path "$machine_root/dev" -o -path "$machine_root/var/lib/meetbox/recordings" \) -prune \
        -o -printf '%p %y %m %U:%G %s %T@ %C@\n' | sort
    machine docker ps --format '{{.ID}} {{.Names}}' | sort
    machine sh -c "docker ps --quiet | xargs docker inspect --format '{{.Name}} {{.State.StartedAt}}'" | sort
    machine systemctl show --property Id,ActiveState,ExecMainStartTimestamp,NRestarts 'meetbox*'
    machine iptables-save | grep -v '^#' | sed 's/\[[0-9:]*\]//'
    machine ip6tables-save | grep -v '^#' | sed 's/\[[0-9:]*\]//'
}

# There is no recorder here that records.
a_recording_is_not_cut_off() {
    local file=$machine_root/etc/meetbox/compose.d/recorded.yaml
    check 'something is recorded' record
    check 'setup goes through where it cuts nothing off' machine meetbox setup --yes
    check 'something is recorded' record
    printf 'services: { livekit: { mem_limit: 3g } }\n' >"$file"
    check "it refuses what a file of the operator's would cut off" refuses_to_cut
    check 'and what new images would' refuses_to_cut --pull
    check 'it does so when it is told to' machine meetbox setup --yes --cut-recordings
    check 'something is recorded' record
    sed -i s/3g/2g/ "$file"
    check 'it refuses what another word in that file would' refuses_to_cut
    check 'LiveKit is as it was' is_limited livekit $((3 * 1024 ** 3))
    sql 'delete from recordings' >/dev/null
    check 'once nothing is recorded it goes through' machine meetbox setup --yes
    check 'and LiveKit is as the file says' is_limited livekit $((2 * 1024 ** 3))
}

# refuses_to_cut [OPTION…]: for that reason and no other.
refuses_to_cut() {
    local said
    if said=$(machine meetbox setup --yes "$@" 2>&1) || ! grep -F 'a recording is under way' <<<"$said"; then
        printf '%s\n' "$said" && return 1
    fi
}

# Meetbox does not run meanwhile: it would see that there is no such recording.
record() {
    machine systemctl stop meetbox
    sql "delete from recordings; insert into recordings (id, meeting_id, storage_path, status, started_at)
        select gen_random_uuid(), id, 'x.mp4', 'active', now() from meetings limit 1 returning id"
}

the_service_obeys_systemd() {
    check 'systemctl stop ends it' machine systemctl stop meetbox
    check 'and nobody answers' not is_healthy
    check 'systemctl start brings it back' machine systemctl start meetbox
    check 'and it is healthy' eventually 20 is_healthy
    check 'systemctl restart does' machine systemctl restart meetbox
    check 'and it is healthy again' eventually 20 is_healthy
    local process
    process=$(machine systemctl show --property MainPID --value meetbox)
    machine kill -STOP "$process"
    check 'a frozen one is ended by the watchdog, and started again' eventually 90 runs_as_another_than "$process"
    check 'and is healthy' eventually 20 is_healthy
    check 'it survives a restart of what stands beside it' machine systemctl restart meetbox-stack
    check 'and everything is healthy' eventually 60 is_healthy
}

runs_as_another_than() {
    local now
    now=$(machine systemctl show --property MainPID --value meetbox)
    [[ $now != 0 && $now != "$1" ]] && machine systemctl --quiet is-active meetbox
}

what_is_written_stays() {
    sql "create table keepsake (word text); insert into keepsake values ('kept')" >/dev/null
    redis set keepsake kept >/dev/null
    check 'the containers go and come' machine sh -c 'cd /etc/meetbox && docker compose down && systemctl reload meetbox-stack'
    everything_is_kept 'after down and up'
    check 'the API is healthy again' eventually 60 is_healthy
}

everything_is_kept() {
    check "Postgres has it $1" answers_kept sql 'select word from keepsake'
    check "Redis has it $1" answers_kept redis get keepsake
}

answers_kept() {
    "$@" | grep -x kept
}

# Feature: infrastructure-local-dev, Property 5: what leaves its health check without an answer is started again.
what_freezes_is_started_again() {
    local service
    for service in livekit redis; do freeze "$service"; done
    for service in livekit redis; do
        check "a frozen $service is started again" eventually 120 restarted "$service"
        check "and its log says so" logged "$service" 'health check failed three times'
    done
    check 'and everything is healthy' eventually 60 is_healthy
    for service in "${SERVICES[@]}"; do
        check "docker logs has lines of $service" has_a_log "$service"
    done
}

# Stops the service itself, which is the child of the container's init.
freeze() {
    local init
    init=$(container "$1" .State.Pid)
    machine sh -c "kill -STOP \$(awk '{ print \$1 }' /proc/$init/task/$init/children)"
}

restarted() {
    (($(container "$1" .RestartCount) > 0)) && container_is_healthy "$1"
}

logged() {
    machine docker logs "meetbox-$1-1" 2>&1 | grep -F "$2"
}

has_a_log() {
    [[ -n $(machine docker logs --tail 3 "meetbox-$1-1" 2>&1) ]]
}

changes_are_carried_on() {
    local new=another-one-of-40-digits-0123456789
    sed -i -E "s|^(DATABASE_URL=.*meetbox:)[^@]*@|\1$new@|; s|^(REDIS_URL=redis://:)[^@]*@|\1$new@|
        s|^(LIVEKIT_API_SECRET=).*|\1$new|" "$machine_root/etc/meetbox/meetbox.env"
    printf 'services: { caddy: { mem_limit: 300m } }\n' >"$machine_root/etc/meetbox/compose.d/mine.yaml"
    check 'setup takes changes up' machine meetbox setup --yes
    check 'and it is healthy with the new passwords' eventually 30 is_healthy
    check 'and a token of the new secret opens LiveKit' eventually 30 token_opens
    check "and a container is as the operator's file says" is_limited caddy $((300 * 1024 ** 2))
    check 'images can be fetched anew' machine meetbox setup --yes --pull
    check 'and are pinned as before' pinned
    check 'and it is healthy' eventually 30 is_healthy
}

# is_limited SERVICE BYTES
is_limited() {
    [[ $(container "$1" .HostConfig.Memory) == "$2" ]]
}

it_survives_a_reboot() {
    registry_end
    machine_halt
    machine_boot
    world_knows "$DOMAIN"
    registry_start "$work"
    check 'everything comes back by itself' eventually 120 is_healthy
    nobody_else_gets_in
    everything_is_kept 'after the reboot'
}

upgrading() {
    check 'the daily backup works in its sandbox' machine systemctl start meetbox-backup.service
    check 'and leaves one' has_backups 1
    # The same program in another file.
    cp "$binary" "$work/newer" && echo >>"$work/newer"
    make_bundle "$work/newer" 2
    check 'an upgrade goes through' install_bundle 2
    check 'the newer one is in place' cmp "$work/newer" "$machine_root/usr/local/bin/meetbox"
    check 'and it is healthy' is_healthy
    check 'a backup was made before' has_backups 2
    it_can_be_restored

    # shellcheck disable=SC2016 # the broken one expands it
    printf '#!/bin/sh\n[ "$1" != serve ] || exit 1\nexec /root/good "$@"\n' >"$work/broken"
    chmod +x "$work/broken"
    cp "$work/newer" "$machine_root/root/good"
    make_bundle "$work/broken" 3
    check 'an upgrade to one that does not start fails' not install_bundle 3
    check 'the one of before is back' cmp "$work/newer" "$machine_root/usr/local/bin/meetbox"
    check 'and it is healthy' eventually 30 is_healthy
    everything_is_kept 'after the upgrades'
}

has_backups() {
    (($(backups | wc -l) == $1))
}

backups() {
    find "$machine_root/var/lib/meetbox/backups" -type f -name '*.tar' | sort
}

it_can_be_restored() {
    local archive
    archive=$(backups | tail -n 1)
    archive=${archive#"$machine_root"}
    check 'the backup can be read and restored elsewhere' machine meetbox restore --verify "$archive"
    sql 'drop table keepsake' >/dev/null
    check 'it is not restored while meetings may be held' not machine meetbox restore --yes "$archive"
    machine systemctl stop meetbox
    check 'it is restored' machine meetbox restore --yes "$archive"
    machine systemctl start meetbox
    check 'and healthy' eventually 30 is_healthy
    check 'and what was lost is there again' answers_kept sql 'select word from keepsake'
}

if (($# != 1)); then
    echo 'usage: packaging/test-install.sh MEETBOX-BINARY' >&2
    exit 1
fi
main "$1"
