#!/usr/bin/env bash
# Installs Meetbox on this machine, brings it up to date, or takes it away: `install.sh --help`, docs/operations.md.
#
# All that it does stands in functions, and the last line calls the first: a download that broke off does nothing. It looks
# at everything before it changes anything, names all that is wrong at once, and may be run any number of times.
set -euo pipefail

# Where releases are, and the public key that their checksums are signed with. A release fills both in (packaging/dist.sh).
RELEASES=${MEETBOX_RELEASES:-}
readonly RELEASE_KEY=''

readonly BINARY=/usr/local/bin/meetbox LIBRARY=/usr/local/lib/meetbox SETTINGS=/etc/meetbox DATA=/var/lib/meetbox
readonly LOCK=/run/meetbox-install.lock
readonly PORTS=(80/tcp 443/tcp 443/udp 7881/tcp 3001/tcp 7880/tcp 5432/tcp 6379/tcp 2019/tcp 9090/tcp)
# As ss calls those who hold these ports once Meetbox is installed.
readonly OURS='^(meetbox|caddy|livekit-server|egress|docker-proxy)$'
# KiB. Machines have a little less than their name says.
readonly VAR_LEAST=$((10 * 1024 * 1024)) USR_LEAST=$((1024 * 1024)) MEMORY_LEAST=1800000 MEMORY_GOOD=3600000
# Seconds: until a started Meetbox must be ready, and until Caddy must have its certificate.
readonly READY_WITHIN=120 HTTPS_WITHIN=120

DOMAIN='' EMAIL='' VERSION='' FILE='' BUNDLE='' SUM='' IMAGES='' CERTIFICATE='' PUBLIC_ADDRESS='' WAIT=''
YES=no DRY_RUN=no UNINSTALL=no PURGE=no ANY_OS=no NO_BACKUP=no ALLOW_DOWNGRADE=no
PROBLEMS=() WARNINGS=() DONE=() INSTALLED=no NEW='' CHANGES_BINARY=no PACKAGES=() DOCKERS_OWN=no
WORK='' STEP='' CHANGING=no PLACED=no BACKUP=''

main() {
    read_options "$@"
    trap on_exit EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    WORK=$(umask 077 && mktemp -d /tmp/meetbox-install.XXXXXX)
    if [[ $UNINSTALL == yes ]]; then uninstall; return; fi
    preflight
    if [[ $DRY_RUN == yes ]]; then plan; say 'Nothing was changed.'; return; fi
    if [[ $YES == no ]]; then plan; ask 'Go on? [y/N] ' '[yY]*'; fi
    only_once
    if [[ $INSTALLED == yes && $CHANGES_BINARY == yes ]]; then no_recording; fi
    CHANGING=yes
    install_all
    CHANGING=no
    say "Meetbox $(version_of "$BINARY") runs at https://$DOMAIN"
}

usage() {
    cat <<'END'
Usage: install.sh --domain meet.example.org [OPTIONS]     install, or bring up to date
       install.sh --uninstall [--purge]                   take away

  --domain NAME               where people reach Meetbox; needed the first time
  --email ADDRESS             whom the certificate authority may write to
  --certificate acme|internal where the certificate comes from; internal: one that browsers do not know
  --public-address IPV4       the address that the world dials, when this machine has only a private one
  --version VERSION           that release; usually the newest
  --binary FILE               this binary, or --bundle FILE: this bundle; nothing of ours is fetched. Beside it lies
                              the release's SHA256SUMS, or --sha256 says its checksum
  --sha256 HEX                the checksum of that file
  --images FILE               container images, as `docker save` writes them; none are fetched
  --wait-for-recordings MIN   before an upgrade, wait so long for recordings under way
  --no-backup                 upgrade also when no backup can be made
  --allow-downgrade           go back to a build that knows fewer migrations
  --any-os                    also on systems that nobody has tried it on
  --dry-run                   look at everything, say what would be done, and change nothing
  --yes                       ask nothing
  --uninstall                 stop and remove Meetbox; data and settings stay
  --purge                     with --uninstall: remove data and settings, too

Exit codes: 0 done; 1 refused before anything was changed; 2 failed on the way, with how to go back.
END
}

read_options() {
    local purpose
    while (($# > 0)); do
        case $1 in
        --help) usage; exit 0 ;;
        --yes) YES=yes ;;
        --dry-run) DRY_RUN=yes ;;
        --uninstall) UNINSTALL=yes ;;
        --purge) PURGE=yes ;;
        --any-os) ANY_OS=yes ;;
        --no-backup) NO_BACKUP=yes ;;
        --allow-downgrade) ALLOW_DOWNGRADE=yes ;;
        --domain | --email | --version | --binary | --bundle | --sha256 | --images | --certificate | --public-address | \
            --wait-for-recordings)
            [[ -n ${2-} && ${2-} != --* ]] || refuse "$1 needs a value"
            take_value "$1" "$2"
            shift
            ;;
        *) refuse "there is no option $1" ;;
        esac
        shift
    done
    [[ -z $FILE || -z $BUNDLE ]] || refuse '--binary and --bundle exclude each other'
    if [[ -n $SUM && -z $FILE$BUNDLE ]]; then refuse '--sha256 belongs to --binary or --bundle'; fi
    if [[ -n $VERSION && -n $FILE$BUNDLE ]]; then refuse '--version is for what is fetched; a file is what it is'; fi
    if [[ $PURGE == yes && $UNINSTALL == no ]]; then refuse '--purge belongs to --uninstall'; fi
    for purpose in "$FILE" "$BUNDLE" "$IMAGES"; do
        [[ -z $purpose || -r $purpose ]] || refuse "cannot read $purpose"
    done
    [[ -z $RELEASES || $RELEASES == https://* || $RELEASES == file://* ]] ||
        refuse 'MEETBOX_RELEASES must begin with https:// or file://'
}

# take_value OPTION VALUE
take_value() {
    local octet='(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])' label='[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?' form=.
    case $1 in
    --domain) DOMAIN=${2,,} form="^$label(\.$label)+$" ;;
    --email) EMAIL=$2 form="^[A-Za-z0-9._+-]+@$label(\.$label)+$" ;;
    --version) VERSION=${2#v} form='^v?[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$' ;;
    --binary) FILE=$2 ;;
    --bundle) BUNDLE=$2 ;;
    --sha256) SUM=${2,,} form='^[0-9a-fA-F]{64}$' ;;
    --images) IMAGES=$2 ;;
    --certificate) CERTIFICATE=$2 form='^(acme|internal)$' ;;
    --public-address) PUBLIC_ADDRESS=$2 form="^$octet(\.$octet){3}$" ;;
    --wait-for-recordings) WAIT=$2 form='^[1-9][0-9]{0,3}$' ;;
    esac
    [[ $2 =~ $form ]] || refuse "$1 $2: that is not what it takes"
}

say() { printf '%s\n' "$1"; }

# refuse SENTENCE: what was asked makes no sense.
refuse() {
    printf 'error: %s\n\nhint: install.sh --help tells what there is\n' "$1" >&2
    exit 1
}

# ask QUESTION PATTERN: from the terminal, since stdin may be this script.
ask() {
    local answer=''
    { : </dev/tty; } 2>/dev/null || refuse 'there is no terminal to ask at; --yes goes on without asking'
    read -rp "$1" answer </dev/tty || true
    # shellcheck disable=SC2053 # it is a pattern
    [[ -n $answer && $answer == $2 ]] || { say 'Nothing was changed.'; exit 1; }
}

# problem SENTENCE FIX
problem() { PROBLEMS+=("$1"$'\n'"    fix: $2"); }
warn() { WARNINGS+=("$1"); }

# --- before anything is changed -----------------------------------------------------------------------------------------

preflight() {
    [[ -x $BINARY && -e $SETTINGS/meetbox.env ]] && INSTALLED=yes
    check_domain
    check_system
    check_room
    check_ports
    check_names
    check_clock
    check_firewall
    check_docker
    find_binary
    check_images
    local text
    for text in "${WARNINGS[@]}"; do printf 'warning: %s\n' "$text" >&2; done
    ((${#PROBLEMS[@]} > 0)) || return 0
    printf 'error: this machine is not ready for Meetbox; nothing was changed\n\n' >&2
    printf '  - %s\n' "${PROBLEMS[@]}" >&2
    exit 1
}

check_domain() {
    local kept=''
    if [[ -r $SETTINGS/meetbox.env ]]; then
        kept=$(sed -n 's|^PUBLIC_URL=["'\'']\{0,1\}https://\([^/:"'\'']*\).*|\1|p' "$SETTINGS/meetbox.env" | tail -n 1)
    fi
    if [[ -z $DOMAIN$kept ]]; then
        problem 'nobody has said under which domain Meetbox is to be reached' 'say --domain meet.example.org'
    elif [[ -n $kept && -n $DOMAIN && $kept != "$DOMAIN" ]]; then
        problem "Meetbox is set up for $kept, and --domain says $DOMAIN" \
            "leave --domain away, or change PUBLIC_URL and LIVEKIT_PUBLIC_URL in $SETTINGS/meetbox.env"
    fi
    DOMAIN=${DOMAIN:-$kept}
}

check_system() {
    local release systemd
    [[ $(id -u) == 0 ]] || problem 'only root can install' 'run it as root: sudo bash install.sh …'
    # shellcheck disable=SC1091 # each system has its own
    release=$(. /etc/os-release && printf '%s %s' "${ID-}" "${VERSION_ID-}") || release=unknown
    case $release in
    'debian 12' | 'debian 13' | 'ubuntu 22.04' | 'ubuntu 24.04' | 'ubuntu 26.04') ;;
    *) [[ $ANY_OS == yes ]] || problem "Meetbox is tried on Debian 12 and 13 and Ubuntu 22.04, 24.04 and 26.04, and this is $release" \
        'use one of these, or --any-os with Docker and its compose plugin installed' ;;
    esac
    case $(uname -m) in
    x86_64) ARCH=amd64 ;;
    aarch64) ARCH=arm64 ;;
    *) ARCH=none; problem "there is no Meetbox for $(uname -m)" 'use a machine with an x86_64 or aarch64 processor' ;;
    esac
    systemd=$(systemctl --version 2>/dev/null | awk 'NR == 1 { print $2 + 0 }') || systemd=0
    if [[ ! -d /run/systemd/system ]] || ((${systemd:-0} < 249)); then
        problem 'systemd 249 or later does not run here' 'use a machine or container that systemd boots, such as Debian 12'
    fi
    local tool
    for tool in curl tar gzip sha256sum openssl ss ip flock getent; do
        command -v "$tool" >/dev/null || problem "the program $tool is missing" \
            'apt-get install curl tar gzip coreutils openssl iproute2 util-linux libc-bin'
    done
}

check_room() {
    local memory
    room /var "$VAR_LEAST" 'images, the database and recordings'
    room /usr/local "$USR_LEAST" 'the binary and the one before it'
    memory=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
    if ((memory < MEMORY_LEAST)); then
        problem "this machine has $((memory / 1024)) MiB of memory; Meetbox needs 2 GiB" 'use a machine with 2 GiB; 4 for recordings'
    elif ((memory < MEMORY_GOOD)); then
        warn "this machine has $((memory / 1024)) MiB of memory; a recording takes up to 4 GiB"
    fi
}

# room FOLDER KIB PURPOSE
room() {
    local free
    free=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
    ((free >= $2)) || problem "$1 has $((free / 1024)) MiB free, and needs $(($2 / 1024)) for $3" "make room below $1, or give it a larger disk"
}

check_ports() {
    local sockets port number holder
    sockets=$(ss -Hlntup 2>/dev/null) || return 0
    for port in "${PORTS[@]}"; do
        number=${port%/*}
        holder=$(awk -v kind="${port#*/}" -v end=":$number\$" '$1 == kind && $5 ~ end { print $7; exit }' <<<"$sockets")
        [[ -n $holder ]] || continue
        [[ $holder =~ \(\"([^\"]*)\",pid=([0-9]+) ]] || continue
        if [[ $INSTALLED == yes && ${BASH_REMATCH[1]} =~ $OURS ]]; then continue; fi
        problem "port $port is held by ${BASH_REMATCH[1]} (process ${BASH_REMATCH[2]})" \
            "stop it for good; its service: systemctl status ${BASH_REMATCH[2]}"
    done
}

check_names() {
    local own leads address
    [[ -n $DOMAIN ]] || return 0
    [[ ${CERTIFICATE:-$(setup_said certificate)} != internal ]] || return 0
    leads=$(getent ahosts "$DOMAIN" | awk '{ print $1 }' | grep -v '^::ffff:' | sort -u) || leads=''
    if [[ -z $leads ]]; then
        problem "the name $DOMAIN leads nowhere" "make an A record for it, with this machine's public address; then wait until it is known"
        return 0
    fi
    own=$(ip -o addr show | awk '{ sub("/.*", "", $4); print $4 }')
    own+=$'\n'${PUBLIC_ADDRESS:-$(setup_said public_address)}
    for address in $leads; do
        if grep -qxF "$address" <<<"$own"; then continue; fi
        # Behind one-to-one NAT nobody here knows the public address.
        if [[ $address != *:* && -z $PUBLIC_ADDRESS ]] && ! has_public_address <<<"$own"; then
            warn "$DOMAIN leads to $address, which is not known to be this machine; --public-address $address says that it is"
            continue
        fi
        problem "the name $DOMAIN leads to $address, which is not this machine" \
            "let it lead here, or say --public-address $address when that address does"
    done
}

has_public_address() {
    grep -v : | grep -E . | grep -qvE '^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.)'
}

# What `meetbox setup` was told before.
setup_said() { sed -n "s/^ *\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" "$SETTINGS/setup.json" 2>/dev/null || true; }

check_clock() {
    local theirs='' off
    [[ $(timedatectl show --property NTPSynchronized --value 2>/dev/null) != yes ]] || return 0
    if [[ -z $FILE$BUNDLE && $RELEASES == https://* ]]; then
        theirs=$(curl -sI --proto '=https' --max-time 15 "$RELEASES" | tr -d '\r' | sed -n 's/^[Dd]ate: //p' | tail -n 1) || true
    fi
    if [[ -z $theirs ]]; then
        warn 'the clock is not synchronised; tokens are refused when it is a minute off: timedatectl set-ntp true'
        return 0
    fi
    off=$(($(date +%s) - $(date -d "$theirs" +%s)))
    ((off >= -60 && off <= 60)) || problem "the clock is ${off#-} seconds off, and tokens and certificates go by it" 'timedatectl set-ntp true'
}

check_firewall() {
    if systemctl is-active --quiet firewalld.service 2>/dev/null; then
        problem 'firewalld runs, and would shut what Meetbox opens' \
            'let iptables rules count: systemctl disable --now firewalld; or keep it, with its ports opened as docs/operations.md says'
    fi
    command -v iptables >/dev/null || PACKAGES+=(iptables)
}

check_docker() {
    local compose release
    # shellcheck disable=SC1091 # each system has its own
    release=$(. /etc/os-release && printf '%s %s' "${ID-}" "${VERSION_ID-}") || release=unknown
    if command -v docker >/dev/null; then
        if [[ $(readlink -f "$(command -v docker)") == *snap* ]]; then
            problem 'Docker is a snap, which does not see /etc/meetbox' 'snap remove docker; this script then installs another'
        elif ! docker version --format '{{.Server.Version}}' >/dev/null 2>&1; then
            problem 'the Docker engine does not answer' 'systemctl enable --now docker; then: docker version'
        fi
        compose=$(docker compose version --short 2>/dev/null) || compose=''
        [[ ! ${compose#v} =~ ^[2-9] ]] || return 0
        if dpkg -s docker-ce >/dev/null 2>&1; then PACKAGES+=(docker-compose-plugin); return 0; fi
    else
        PACKAGES+=(docker.io)
    fi
    case $release in
    ubuntu*) PACKAGES+=(docker-compose-v2) ;;
    'debian 13') PACKAGES+=(docker-compose) ;;
    # It has only the compose of before.
    'debian 12')
        if [[ " ${PACKAGES[*]} " == *' docker.io '* ]]; then
            DOCKERS_OWN=yes PACKAGES=("${PACKAGES[@]/docker.io/docker-ce}" docker-ce-cli containerd.io docker-compose-plugin)
        else
            problem "Docker's compose plugin is missing, and Debian 12 has none" \
                "install Docker's own packages in place of docker.io: https://docs.docker.com/engine/install/debian/"
        fi
        ;;
    *) problem 'Docker with its compose plugin is missing' 'install both: https://docs.docker.com/engine/install/' ;;
    esac
    if ((${#PACKAGES[@]} > 0)) && ! command -v apt-get >/dev/null; then
        problem "these are missing, and there is no apt-get: ${PACKAGES[*]}" 'install them'
    fi
}

# --- the binary -----------------------------------------------------------------------------------------------------------

# Leaves the new binary in $NEW, checked.
find_binary() {
    local wanted=$FILE$BUNDLE before after
    if [[ -n $wanted ]]; then
        check_file "$wanted" || return 0
    else
        fetch_release || return 0
    fi
    NEW=$WORK/meetbox
    if [[ -n $FILE ]]; then
        install -m 755 "$FILE" "$NEW"
    elif ! tar -xzf "${BUNDLE:-$WORK/bundle}" -C "$WORK" --no-same-owner --strip-components=1 --wildcards '*/meetbox'; then
        NEW=''
        problem "there is no meetbox in ${BUNDLE:-what was fetched}" 'take a bundle of a release: meetbox-VERSION-linux-ARCH.tar.gz'
        return 0
    fi
    if ! "$NEW" version --verbose >"$WORK/version" 2>"$WORK/says"; then
        problem "the new binary does not run here: $(head -c 300 "$WORK/says")" "take the one for $ARCH"
        NEW=''
        return 0
    fi
    [[ -x $BINARY && $(sum_of "$NEW") == "$(sum_of "$BINARY")" ]] || CHANGES_BINARY=yes
    [[ $INSTALLED == yes && $CHANGES_BINARY == yes ]] || return 0
    before=$("$BINARY" version --verbose | migration) after=$(migration <"$WORK/version")
    if ((${after:-0} < ${before:-0})) && [[ $ALLOW_DOWNGRADE == no ]]; then
        problem "this build knows $after migrations, and the one that runs here $before: its database may be too new for it" \
            'take a later build; or restore a backup of that time; or --allow-downgrade'
    fi
}

migration() { sed -n 's/^migrations: \([0-9]*\),.*/\1/p'; }
version_of() { "$1" --version | awk '{ print $2 }'; }
sum_of() { sha256sum -- "$1" | cut -d ' ' -f 1; }
# sum_in SUMS NAME: what the list says of it.
sum_in() { awk -v name="$2" '$2 == name || $2 == "*" name { print $1; exit }' "$1"; }

# check_file FILE: it is the one that somebody vouches for.
check_file() {
    local sums
    sums=$(dirname -- "$1")/SHA256SUMS
    if [[ -z $SUM && -r $sums ]]; then
        if [[ -n $RELEASE_KEY && -r $sums.minisig ]] && ! signed "$sums"; then
            problem "the signature of $sums is not of the key that releases are signed with" 'fetch the release again, from where it is published'
            return 1
        fi
        SUM=$(sum_in "$sums" "$(basename -- "$1")")
        [[ -n $SUM ]] || problem "$sums does not name $(basename -- "$1")" 'take the SHA256SUMS of the same release'
    elif [[ -z $SUM ]]; then
        problem "nothing says that $1 is whole: there is no SHA256SUMS beside it" \
            "lay the release's SHA256SUMS beside it, or say --sha256 $(sum_of "$1") if that is what you were told"
    fi
    [[ -n $SUM ]] || return 1
    if [[ $(sum_of "$1") != "$SUM" ]]; then
        problem "$1 is not the file that was summed up as $SUM" 'copy it again; it may be cut off or changed'
        return 1
    fi
}

# Fetches the bundle, checked, to $WORK/bundle.
fetch_release() {
    local where name
    if [[ -z $RELEASES || -z $RELEASE_KEY ]]; then
        problem 'this script knows no release: it is not of one, so it has no address or no key to check it with' \
            'use the install.sh of a release, or --bundle FILE with the SHA256SUMS beside it'
        return 1
    fi
    where=$RELEASES/latest/download
    if [[ -n $VERSION ]]; then where=$RELEASES/download/v$VERSION; fi
    if ! fetch "$where/SHA256SUMS" "$WORK/SHA256SUMS" || ! fetch "$where/SHA256SUMS.minisig" "$WORK/SHA256SUMS.minisig"; then
        problem "cannot fetch the release from $where: $(head -c 300 "$WORK/says")" \
            'see to the network, a proxy in https_proxy, the version; or use --bundle FILE'
        return 1
    fi
    if ! signed "$WORK/SHA256SUMS"; then
        problem "the release at $where is not signed with our key" 'do not use it; tell those who publish it'
        return 1
    fi
    # Signed is also what is old: the name tells that it is the version that was asked for.
    name=$(awk '{ print $2 }' "$WORK/SHA256SUMS" | grep -xE "meetbox-${VERSION:-[0-9][0-9A-Za-z.-]*}-linux-$ARCH\.tar\.gz" | head -n 1) || name=''
    if [[ -z $name ]]; then
        problem "the release at $where has nothing for $ARCH${VERSION:+ of version $VERSION}" 'choose another with --version'
        return 1
    fi
    if ! fetch "$where/$name" "$WORK/bundle"; then
        problem "cannot fetch $where/$name: $(head -c 300 "$WORK/says")" 'try again; or fetch it elsewhere and use --bundle FILE'
        return 1
    fi
    if [[ $(sum_of "$WORK/bundle") != "$(sum_in "$WORK/SHA256SUMS" "$name")" ]]; then
        problem "$name is not the file that was signed" 'try again; if it stays so, tell those who publish it'
        return 1
    fi
}

# fetch URL FILE
fetch() {
    local only='=https'
    if [[ $1 == file://* ]]; then only='=file'; fi
    curl --fail --silent --show-error --location --proto "$only" --proto-redir "$only" --tlsv1.2 --retry 3 --connect-timeout 15 \
        --max-time 900 --output "$2" "$1" 2>"$WORK/says"
}

# signed FILE: FILE.minisig is a signature of it with $RELEASE_KEY, as minisign makes them: Ed25519 over BLAKE2b-512.
signed() {
    local key signature
    key=$WORK/key signature=$WORK/signature
    sed -n 2p "$1.minisig" | base64 -d >"$signature" 2>/dev/null || return 1
    printf '%s' "$RELEASE_KEY" | base64 -d >"$key" || return 1
    # "ED", the key's id, the signature; "Ed", the id, the key.
    [[ $(stat -c %s "$signature") == 74 && $(stat -c %s "$key") == 42 && $(head -c 2 "$signature") == ED ]] || return 1
    cmp -s <(tail -c +3 "$signature" | head -c 8) <(tail -c +3 "$key" | head -c 8) || return 1
    { printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'; tail -c 32 "$key"; } >"$key.der"
    tail -c 64 "$signature" >"$signature.raw"
    openssl dgst -blake2b512 -binary "$1" >"$WORK/digest" || return 1
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$key.der" -rawin -in "$WORK/digest" -sigfile "$signature.raw" >/dev/null 2>&1
}

# The images are here, come along, or can be fetched.
check_images() {
    local image missing=()
    [[ -n $NEW && -n $DOMAIN && -z $IMAGES ]] || return 0
    if ! "$NEW" setup --render "$WORK/root" --domain "$DOMAIN" >"$WORK/says" 2>&1; then
        problem "Meetbox cannot be set up here: $(tail -c 500 "$WORK/says")" 'what it says itself'
        return 0
    fi
    for image in $(awk '$1 == "image:" { print $2 }' "$WORK/root/etc/meetbox/compose.yaml"); do
        docker image inspect "$image" >/dev/null 2>&1 || missing+=("$image")
    done
    ((${#missing[@]} > 0)) || return 0
    # Whoever answers is there, also when it asks who we are.
    if ! curl -s --proto '=https' --max-time 20 --output /dev/null https://registry-1.docker.io/v2/; then
        problem "the images' registry does not answer, and these are missing: ${missing[*]}" \
            'see to the network; or elsewhere: docker save IMAGE… | gzip >images.tar.gz, and here --images images.tar.gz'
    fi
}

# --- what is done ---------------------------------------------------------------------------------------------------------

# The steps, each with its sentence, done by `step`, or told by `plan`.
install_all() {
    if ((${#PACKAGES[@]} > 0)); then step "install ${PACKAGES[*]}" install_packages; fi
    if [[ -n $IMAGES ]]; then step "load images from $IMAGES" docker load --quiet --input "$IMAGES"; fi
    if [[ $INSTALLED == yes && $CHANGES_BINARY == yes ]]; then step 'back up what is there' back_up; fi
    if [[ $CHANGES_BINARY == yes ]]; then step "put Meetbox $(version_of "$NEW") in place as $BINARY" place; fi
    step 'set up files, containers, services and firewall (meetbox setup)' set_up
    step 'wait until Meetbox is ready' wait_ready
    step "wait until https://$DOMAIN answers" wait_https
}

plan() { (step() { say "would $1"; }; install_all); }

step() {
    STEP=$1
    say "--- $STEP"
    shift
    "$@"
    DONE+=("$STEP")
}

only_once() {
    exec 9>"$LOCK"
    flock -n 9 || { say 'error: another installation is under way on this machine' >&2; exit 1; }
}

# An upgrade would cut them off.
no_recording() {
    local status=0
    if ! systemctl is-active --quiet meetbox-stack.service; then return 0; fi
    if [[ -n $WAIT ]]; then
        "$BINARY" recordings --wait "$WAIT" || status=$?
    else
        "$BINARY" recordings --running || status=$?
    fi
    case $status in
    0) ;;
    3) say 'error: these recordings run, so nothing was changed; stop them, or say --wait-for-recordings MINUTES' >&2; exit 1 ;;
    *) say 'error: cannot find out whether something records, so nothing was changed; see above, and: systemctl status meetbox' >&2; exit 1 ;;
    esac
}

install_packages() {
    local suite key=/etc/apt/keyrings/docker.asc
    if [[ $DOCKERS_OWN == yes ]]; then
        # shellcheck disable=SC1091 # each system has its own
        suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
        install -d -m 755 /etc/apt/keyrings
        fetch https://download.docker.com/linux/debian/gpg "$key"
        chmod 644 "$key"
        printf 'deb [arch=%s signed-by=%s] https://download.docker.com/linux/debian %s stable\n' "$ARCH" "$key" "$suite" \
            >/etc/apt/sources.list.d/docker.list
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=300 update
    apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "${PACKAGES[@]}"
    systemctl enable --now docker.service
}

back_up() {
    local said
    if [[ $NO_BACKUP == yes ]]; then say 'no backup, as you said'; return 0; fi
    if ! systemctl is-active --quiet meetbox-stack.service && ! docker volume inspect meetbox_postgres >/dev/null 2>&1; then
        say 'there is no database yet'
        return 0
    fi
    said=$("$BINARY" backup --to "$DATA/backups") || { say '--no-backup upgrades without one' >&2; return 1; }
    BACKUP=$(tail -n 1 <<<"$said")
    say "$BACKUP"
}

# The new binary gets its name in one moment, and the old one is kept.
place() {
    install -d -m 755 "$LIBRARY" "${BINARY%/*}"
    if [[ -e $BINARY ]]; then
        install -m 755 "$BINARY" "$LIBRARY/previous.new"
        mv -f "$LIBRARY/previous.new" "$LIBRARY/previous"
    fi
    install -m 755 "$NEW" "$BINARY.new"
    mv -f "$BINARY.new" "$BINARY"
    PLACED=yes
}

set_up() {
    local options=(--yes)
    [[ -z $DOMAIN || -e $SETTINGS/meetbox.env ]] || options+=(--domain "$DOMAIN")
    [[ -z $EMAIL ]] || options+=(--email "$EMAIL")
    [[ -z $CERTIFICATE ]] || options+=(--certificate "$CERTIFICATE")
    [[ -z $PUBLIC_ADDRESS ]] || options+=(--public-address "$PUBLIC_ADDRESS")
    "$BINARY" setup "${options[@]}"
}

wait_ready() {
    local end=$((SECONDS + READY_WITHIN))
    until "$BINARY" healthcheck >"$WORK/says" 2>&1; do
        ((SECONDS < end)) || { cat "$WORK/says" >&2; return 1; }
        sleep 1
    done
}

# A certificate of Caddy's own is not looked at. What is missing here is no fault of the binary's, so it stays.
wait_https() {
    local end=$((SECONDS + HTTPS_WITHIN)) unknown=()
    PLACED=no
    if [[ ${CERTIFICATE:-$(setup_said certificate)} == internal ]]; then unknown=(--insecure); fi
    until curl -sf "${unknown[@]}" --max-time 10 --resolve "$DOMAIN:443:127.0.0.1" --output /dev/null "https://$DOMAIN/readyz" 2>"$WORK/says"; do
        if ((SECONDS >= end)); then
            cat "$WORK/says" >&2
            say "Meetbox itself is ready. What Caddy says: cd $SETTINGS && docker compose logs --tail 30 caddy" >&2
            return 1
        fi
        sleep 2
    done
}

# --- the end --------------------------------------------------------------------------------------------------------------

# Whatever happens, the temporary folder goes; and who failed on the way says what, and how to go back.
on_exit() {
    local status=$? text
    trap - EXIT INT TERM
    set +e
    if [[ $CHANGING == yes ]]; then
        status=2
        printf '\nerror: this failed: %s\n' "$STEP" >&2
        if ((${#DONE[@]} == 0)); then say 'Nothing before it was changed.' >&2; else say 'Done before it, and staying so:' >&2; fi
        for text in "${DONE[@]}"; do printf '  - %s\n' "$text" >&2; done
        if [[ $PLACED == yes && $INSTALLED == yes ]]; then
            roll_back
        elif [[ $INSTALLED == yes ]]; then
            printf '\nThe binary is the one that was there. Once the cause is mended, run this again.\n' >&2
        else
            printf '\nOnce the cause is mended, run this again: it goes on from there.\nTo go back: %s uninstall --purge\n' "$BINARY" >&2
        fi
        if [[ -n $BACKUP ]]; then printf 'The backup of before: %s\n' "$BACKUP" >&2; fi
    fi
    [[ -z $WORK ]] || rm -rf -- "$WORK"
    exit "$status"
}

roll_back() {
    local by_hand="install -m 755 $LIBRARY/previous $BINARY && meetbox setup --yes && systemctl restart meetbox"
    printf '\nGoing back to the binary of before.\n' >&2
    if install -m 755 "$LIBRARY/previous" "$BINARY.new" && mv -f "$BINARY.new" "$BINARY" &&
        "$BINARY" setup --yes >&2 && systemctl restart meetbox.service && wait_ready; then
        say "Meetbox $(version_of "$BINARY") is back, and ready. What the other said: journalctl -u meetbox --since -15min" >&2
    else
        printf 'error: that failed, too. What it says: journalctl -u meetbox -n 50\nBy hand: %s\n' "$by_hand" >&2
    fi
}

# The binary takes everything away, itself at last.
uninstall() {
    local options=()
    [[ -x $BINARY ]] || { say "error: there is no $BINARY; Meetbox is not installed" >&2; exit 1; }
    [[ $PURGE == no ]] || options+=(--purge)
    [[ $YES == no ]] || options+=(--yes)
    "$BINARY" uninstall "${options[@]}"
}

main "$@"
