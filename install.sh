#!/usr/bin/env bash
# Installs Meetbox on this machine, brings it up to date, or takes it away: `install.sh --help`, docs/operations.md.
#
# All that it does stands in functions, and the last line calls the first: a download that broke off does nothing. It looks
# at everything before it changes anything, names all that is wrong at once, and may be run any number of times.
set -euo pipefail

# Where releases are, and the public key that their checksums are signed with. A release fills both in (packaging/installer.sh).
RELEASES=${MEETBOX_RELEASES:-}
readonly RELEASE_KEY=''

readonly BINARY=/usr/local/bin/meetbox LIBRARY=/usr/local/lib/meetbox SETTINGS=/etc/meetbox DATA=/var/lib/meetbox
readonly LOCK=/run/meetbox-install.lock UNPROVED=$LIBRARY/unproved
# Seconds: until a started Meetbox must be ready, and until Caddy must have its certificate.
readonly READY_WITHIN=120 HTTPS_WITHIN=120

DOMAIN='' EMAIL='' VERSION='' FILE='' BUNDLE='' SUM='' IMAGES='' CERTIFICATE='' PUBLIC_ADDRESS='' WAIT=''
YES=no DRY_RUN=no UNINSTALL=no PURGE=no ANY_OS=no NO_BACKUP=no ALLOW_DOWNGRADE=no
PROBLEMS='' DONE=() INSTALLED=no KEPT=no KEPT_DOMAIN='' SYSTEM=unknown ARCH=none NEW='' CHANGES_BINARY=no PACKAGES=() DOCKERS_OWN=no CLOCK_OFF=''
WORK='' STEP='''' CHANGING=no PLACED=no BACKUP=''

main() {
    clean_environment
    read_options "$@"
    trap on_exit EXIT
    trap 'exit 130' INT TERM HUP PIPE
    if [[ $(id -u) == 0 && $DRY_RUN == no ]]; then only_once; fi
    if [[ $UNINSTALL == yes ]]; then uninstall; return; fi
    WORK=$(umask 077 && mktemp -d -t meetbox-install.XXXXXX)
    preflight
    if [[ $DRY_RUN == yes ]]; then plan; say 'Nothing was changed.'; return; fi
    if [[ $YES == no ]]; then plan; ask 'Go on? [y/N] ' '[yY]*'; fi
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
  --binary FILE               this binary, or --bundle FILE: this bundle; nothing of ours is fetched
  --sha256 HEX                the checksum of that file, unless the release's SHA256SUMS lies beside it
  --images FILE               container images, as `docker save` writes them; none are fetched
  --wait-for-recordings MIN   before an upgrade, wait so long for recordings under way
  --no-backup                 upgrade without a backup, also where the database does not answer
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
    local file
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
    [[ -z $SUM || -n $FILE$BUNDLE ]] || refuse '--sha256 belongs to --binary or --bundle'
    [[ -z $VERSION || -z $FILE$BUNDLE ]] || refuse '--version is for what is fetched; a file is what it is'
    [[ $PURGE == no || $UNINSTALL == yes ]] || refuse '--purge belongs to --uninstall'
    [[ $DRY_RUN == no || $UNINSTALL == no ]] || refuse '--dry-run is for installing; it does not go with --uninstall'
    for file in "$FILE" "$BUNDLE" "$IMAGES"; do
        [[ -z $file || (-f $file && -r $file) ]] || refuse "cannot read $file"
    done
    [[ -z $RELEASES || $RELEASES == https://* || $RELEASES == file://* ]] ||
        refuse 'MEETBOX_RELEASES must begin with https:// or file://'
}

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

# What stands in a shell by chance would win over the installation's settings: PORT, COMPOSE_FILE. `su` leaves sbin out of PATH.
clean_environment() {
    local name keep='(SHELL|BASH)OPTS|HOME|TERM|TMPDIR|LANG|LC_[A-Z]+|MEETBOX_RELEASES|(https?|all|no)_proxy|(HTTPS?|ALL|NO)_PROXY'
    for name in $(compgen -e); do [[ $name =~ ^($keep)$ ]] || unset -v "$name"; done
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin no_proxy=${no_proxy:+$no_proxy,}127.0.0.1,localhost
}

say() { printf '%s\n' "$1"; }

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
problem() { PROBLEMS+="  - $1"$'\n'"    fix: $2"$'\n'; }

# --- before anything is changed -----------------------------------------------------------------------------------------

preflight() {
    [[ ! -e $SETTINGS/meetbox.env ]] || KEPT=yes
    [[ ! -x $BINARY || $KEPT == no ]] || INSTALLED=yes
    # One that was never ready, because a run was cut off, can still be left again.
    [[ $INSTALLED == no || ! -e $UNPROVED || ! -e $LIBRARY/previous ]] || PLACED=yes
    check_domain
    check_system
    check_docker
    ((${#PACKAGES[@]} == 0)) || command -v apt-get >/dev/null || problem "there is no apt-get to install ${PACKAGES[*]}" 'install them'
    find_binary
    check_machine
    [[ -n $PROBLEMS ]] || return 0
    printf 'error: this machine is not ready for Meetbox; nothing was changed\n\n%s' "$PROBLEMS" >&2
    [[ -n $NEW ]] || printf '\nRoom, memory, ports, names and the clock are looked at once there is a binary to look with.\n' >&2
    exit 1
}

check_domain() {
    [[ ! -r $SETTINGS/meetbox.env ]] ||
        KEPT_DOMAIN=$(sed -n 's|^PUBLIC_URL=["'\'']\{0,1\}https://\([^/:"'\'']*\).*|\1|p' "$SETTINGS/meetbox.env" | tail -n 1)
    if [[ -z $DOMAIN$KEPT_DOMAIN ]]; then
        problem 'nobody has said under which domain Meetbox is to be reached' 'say --domain meet.example.org'
    elif [[ -n $KEPT_DOMAIN && -n $DOMAIN && $KEPT_DOMAIN != "$DOMAIN" ]]; then
        problem "Meetbox is set up for $KEPT_DOMAIN, and --domain says $DOMAIN" \
            "leave --domain away, or change PUBLIC_URL and LIVEKIT_PUBLIC_URL in $SETTINGS/meetbox.env"
    fi
    DOMAIN=${DOMAIN:-$KEPT_DOMAIN}
}

check_system() {
    local systemd tool
    [[ $(id -u) == 0 ]] || problem 'only root can install' 'run it as root: sudo bash install.sh …'
    SYSTEM="$(os_release ID) $(os_release VERSION_ID)"
    case $SYSTEM in
    'debian 12' | 'debian 13' | 'ubuntu 22.04' | 'ubuntu 24.04' | 'ubuntu 26.04') ;;
    *) [[ $ANY_OS == yes ]] || problem "Meetbox is tried on Debian 12 and 13 and Ubuntu 22.04, 24.04 and 26.04; this is $SYSTEM" \
        'use one of these, or say --any-os, and have Docker with its compose plugin installed' ;;
    esac
    case $(uname -m) in
    x86_64) ARCH=amd64 ;;
    aarch64) ARCH=arm64 ;;
    *) problem "there is no Meetbox for $(uname -m)" 'use a machine with an x86_64 or aarch64 processor' ;;
    esac
    systemd=$(systemctl --version 2>/dev/null | awk 'NR == 1 { print $2 + 0 }') || systemd=0
    if [[ ! -d /run/systemd/system ]] || ((${systemd:-0} < 249)); then
        problem 'systemd 249 or later does not run here' 'use a machine or container that systemd boots, such as Debian 12'
    fi
    for tool in curl tar gzip sha256sum openssl flock; do
        command -v "$tool" >/dev/null || problem "the program $tool is missing" 'apt-get install curl tar gzip coreutils openssl util-linux'
    done
}

os_release() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" /etc/os-release; }

check_docker() {
    command -v iptables >/dev/null || PACKAGES+=(iptables)
    if docker compose version >/dev/null 2>&1; then return 0; fi
    command -v docker >/dev/null || PACKAGES+=(docker.io)
    if [[ ! " ${PACKAGES[*]} " == *' docker.io '* ]] && dpkg -s docker-ce >/dev/null 2>&1; then PACKAGES+=(docker-compose-plugin); return 0; fi
    case $SYSTEM in
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
}

# --- the binary: checked, in $NEW -----------------------------------------------------------------------------------------

find_binary() {
    local before after
    if [[ -n $FILE$BUNDLE ]]; then check_file "$FILE$BUNDLE" || return 0; else fetch_release || return 0; fi
    NEW=$WORK/meetbox
    if [[ -n $FILE ]]; then
        install -m 755 "$WORK/fetched" "$NEW"
    elif ! tar -xzf "$WORK/fetched" -C "$WORK" --no-same-owner --strip-components=1 --wildcards '*/meetbox'; then
        NEW=''
        problem "there is no meetbox in ${BUNDLE:-what was fetched}" 'take a bundle of a release: meetbox-VERSION-linux-ARCH.tar.gz'
        return 0
    fi
    if ! "$NEW" version --verbose >"$WORK/version" 2>"$WORK/says"; then
        problem "the new binary does not run here: $(head -c 300 "$WORK/says")" "take the one for $ARCH; where $WORK allows no programs, say TMPDIR=/root"
        NEW=''
        return 0
    fi
    [[ -x $BINARY && $(sum_of "$NEW") == "$(sum_of "$BINARY")" ]] || CHANGES_BINARY=yes
    [[ $INSTALLED == yes && $CHANGES_BINARY == yes ]] || return 0
    # One that is broken is replaced all the same.
    before=$("$BINARY" version --verbose 2>/dev/null | migration) || before=''
    after=$(migration <"$WORK/version")
    ((${after:-0} >= ${before:-0})) || [[ $ALLOW_DOWNGRADE == yes ]] ||
        problem "this build knows $after migrations, and the one that runs here $before: its database may be too new for it" \
            'take a later build; or restore a backup of that time; or --allow-downgrade'
}

migration() { sed -n 's/^migrations: \([0-9]*\),.*/\1/p'; }
version_of() { "$1" --version | awk '{ print $2 }'; }
sum_of() { sha256sum -- "$1" | cut -d ' ' -f 1; }
sum_in() { awk -v name="$2" '$2 == name || $2 == "*" name { print $1; exit }' "$1"; }

# check_file FILE: copies it to $WORK/fetched, and the copy is what somebody vouches for.
check_file() {
    local sums
    cp -- "$1" "$WORK/fetched"
    sums=$(dirname -- "$1")/SHA256SUMS
    if [[ -z $SUM && -r $sums ]]; then
        if [[ -n $RELEASE_KEY ]] && ! { [[ -r $sums.minisig ]] && signed "$sums"; }; then
            problem "$sums has no signature beside it of the key that releases are signed with" \
                "fetch SHA256SUMS and SHA256SUMS.minisig again, from where releases are published; or say --sha256"
            return 1
        fi
        SUM=$(sum_in "$sums" "${1##*/}")
        [[ -n $SUM ]] || problem "$sums does not name ${1##*/}" 'take the SHA256SUMS of the same release'
    elif [[ -z $SUM ]]; then
        problem "nothing says that $1 is whole: there is no SHA256SUMS beside it" \
            "lay the release's SHA256SUMS beside it, or say --sha256 $(sum_of "$WORK/fetched") if that is what you were told"
    fi
    [[ -n $SUM ]] || return 1
    [[ $(sum_of "$WORK/fetched") == "$SUM" ]] ||
        { problem "$1 is not the file that was summed up as $SUM" 'copy it again; it may be cut off or changed'; return 1; }
}

# Fetches the bundle to $WORK/fetched, checked.
fetch_release() {
    local where name date
    [[ -n $RELEASES && -n $RELEASE_KEY ]] ||
        { problem 'this script knows no release: it is not of one, so it has no address or no key to check it with' \
            'use the install.sh of a release, or --bundle FILE with the SHA256SUMS beside it'; return 1; }
    where=$RELEASES/latest/download
    if [[ -n $VERSION ]]; then where=$RELEASES/download/v$VERSION; fi
    if ! fetch "$where/SHA256SUMS" "$WORK/SHA256SUMS" || ! fetch "$where/SHA256SUMS.minisig" "$WORK/SHA256SUMS.minisig"; then
        problem "cannot fetch the release from $where: $(head -c 300 "$WORK/says")" \
            'see to the network, a proxy in https_proxy, the version; or use --bundle FILE'
        return 1
    fi
    date=$(tr -d '\r' <"$WORK/headers" | sed -n 's/^[Dd]ate: //p' | tail -n 1)
    if [[ -n $date ]]; then CLOCK_OFF=$(($(date +%s) - $(date -d "$date" +%s || date +%s))); fi
    signed "$WORK/SHA256SUMS" ||
        { problem "the release at $where is not signed with our key" 'do not use it; tell those who publish it'; return 1; }
    # Signed is also what is old: the name tells that it is the version that was asked for.
    name=$(awk '{ print $2 }' "$WORK/SHA256SUMS" | grep -xE "meetbox-${VERSION:-[0-9][0-9A-Za-z.-]*}-linux-$ARCH\.tar\.gz" | head -n 1) || name=''
    [[ -n $name ]] ||
        { problem "the release at $where has nothing for $ARCH${VERSION:+ of version $VERSION}" 'choose another with --version'; return 1; }
    fetch "$where/$name" "$WORK/fetched" ||
        { problem "cannot fetch $where/$name: $(head -c 300 "$WORK/says")" 'try again; or fetch it elsewhere and use --bundle FILE'; return 1; }
    [[ $(sum_of "$WORK/fetched") == "$(sum_in "$WORK/SHA256SUMS" "$name")" ]] ||
        { problem "$name is not the file that was signed" 'try again; if it stays so, tell those who publish it'; return 1; }
}

# fetch URL FILE
fetch() {
    local only="=https"
    [[ $1 != file://* ]] || only="=file"
    curl --fail --silent --show-error --location --proto "$only" --proto-redir "$only" --tlsv1.2 --retry 3 --connect-timeout 15 \
        --max-time 900 --dump-header "$WORK/headers" --output "$2" "$1" 2>"$WORK/says"
}

# signed FILE: FILE.minisig is a signature of it with $RELEASE_KEY, as minisign makes them: Ed25519 over BLAKE2b-512.
signed() {
    local key=$WORK/key signature=$WORK/signature
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

# What the binary itself looks at, and how it says what is wrong is as `problem` does.
check_machine() {
    local options=() status=0
    [[ -n $NEW ]] || return 0
    if [[ $INSTALLED == yes ]]; then options+=(--installed); fi
    "$NEW" preflight --certificate "$(certificate)" "${options[@]}" ${DOMAIN:+--domain "$DOMAIN"} ${IMAGES:+--images-come-along} \
        ${PUBLIC_ADDRESS:+--public-address "$PUBLIC_ADDRESS"} ${CLOCK_OFF:+--clock-off="$CLOCK_OFF"} >"$WORK/found" || status=$?
    if ((status != 0)) && [[ ! -s $WORK/found ]]; then problem 'the new binary cannot look at this machine; see above' 'take another release'; fi
    PROBLEMS+=$(cat "$WORK/found" && printf x) && PROBLEMS=${PROBLEMS%x}
}

# What was said now, or the first time.
certificate() {
    local kept
    kept=$(sed -n 's/^ *"certificate": "\([a-z]*\)",\{0,1\}$/\1/p' "$SETTINGS/setup.json" 2>/dev/null) || true
    printf '%s' "${CERTIFICATE:-${kept:-acme}}"
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
    flock -n 9 || { say 'error: another installation is under way on this machine; nothing was changed' >&2; exit 1; }
}

# An upgrade would cut them off.
no_recording() {
    local status=0
    # The unit is not active either while one container of many is unwell.
    [[ -n $(docker ps -q --filter label=com.docker.compose.project=meetbox --filter label=com.docker.compose.service=egress) ]] || return 0
    "$BINARY" recordings --running ${WAIT:+--wait "$WAIT"} || status=$?
    case $status in
    0) return 0 ;;
    3) say 'error: that is being recorded, so nothing was changed; stop it, or say --wait-for-recordings MINUTES' >&2 ;;
    *) [[ $NO_BACKUP == no ]] || return 0
        say 'error: cannot find out whether something is being recorded, so nothing was changed; --no-backup goes on all the same' >&2 ;;
    esac
    exit 1
}

install_packages() {
    local from=https://download.docker.com/linux/debian key=/etc/apt/keyrings/docker.asc
    if [[ $DOCKERS_OWN == yes ]]; then
        install -d -m 755 /etc/apt/keyrings
        fetch "$from/gpg" "$key" || { cat "$WORK/says" >&2; return 1; }
        chmod 644 "$key"
        printf 'deb [arch=%s signed-by=%s] %s bookworm stable\n' "$ARCH" "$key" "$from" >/etc/apt/sources.list.d/docker.list
    fi
    apt-get -qq -o DPkg::Lock::Timeout=300 update
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "${PACKAGES[@]}"
    systemctl enable --now docker.service
}

back_up() {
    local said
    if [[ $NO_BACKUP == yes ]]; then say 'no backup, as you said'; return 0; fi
    systemctl is-active --quiet meetbox-stack.service || docker volume inspect meetbox_postgres >/dev/null 2>&1 ||
        { say 'there is no database yet'; return 0; }
    said=$("$BINARY" backup --to "$DATA/backups") || { say '--no-backup upgrades without one' >&2; return 1; }
    BACKUP=$(tail -n 1 <<<"$said")
    say "$BACKUP"
}

# The new binary gets its name in one moment, and the old one is kept.
place() {
    install -d -m 755 "$LIBRARY" "${BINARY%/*}"
    if [[ -e $BINARY && ! -e $UNPROVED ]]; then
        install -m 755 "$BINARY" "$LIBRARY/previous.new"
        mv -f "$LIBRARY/previous.new" "$LIBRARY/previous"
    fi
    install -m 755 "$NEW" "$BINARY.new"
    : >"$UNPROVED"
    PLACED=yes
    mv -f "$BINARY.new" "$BINARY"
}

set_up() {
    local options=(--yes)
    [[ -n $KEPT_DOMAIN ]] || options+=(--domain "$DOMAIN")
    "$BINARY" setup "${options[@]}" ${EMAIL:+--email "$EMAIL"} ${CERTIFICATE:+--certificate "$CERTIFICATE"} \
        ${PUBLIC_ADDRESS:+--public-address "$PUBLIC_ADDRESS"}
}

wait_ready() {
    local end=$((SECONDS + READY_WITHIN))
    until "$BINARY" healthcheck >"$WORK/says" 2>&1; do
        ((SECONDS < end)) || { cat "$WORK/says" >&2; return 1; }
        sleep 1
    done
    rm -f "$UNPROVED"
}

# A certificate of Caddy's own is not looked at. What is missing here is no fault of the binary's, so it stays.
wait_https() {
    local end=$((SECONDS + HTTPS_WITHIN)) unknown=()
    PLACED=proved
    if [[ $(certificate) == internal ]]; then unknown=(--insecure); fi
    until curl -sf "${unknown[@]}" --noproxy '*' --max-time 10 --resolve "$DOMAIN:443:127.0.0.1" --output /dev/null "https://$DOMAIN/readyz" 2>"$WORK/says"; do
        if ((SECONDS >= end)); then
            cat "$WORK/says" >&2
            say "What Caddy says: cd $SETTINGS && docker compose logs --tail 30 caddy" >&2
            return 1
        fi
        sleep 2
    done
}

# --- the end --------------------------------------------------------------------------------------------------------------

# Whatever happens, the temporary folder goes; and who failed on the way says what, and how to go back.
on_exit() {
    local status=$? text
    trap - EXIT
    # Going back is not broken off, also where nobody hears of it any more.
    trap '' INT TERM HUP PIPE
    set +e
    if [[ $CHANGING == yes ]]; then
        status=2
        printf '\nerror: this failed: %s\n' "$STEP" >&2
        if ((${#DONE[@]} == 0)); then say 'Nothing before it was changed.' >&2; else say 'Done before it:' >&2; fi
        for text in "${DONE[@]}"; do printf '  - %s\n' "$text" >&2; done
        text='Once the cause is mended, run this again: it goes on from there.'
        case $INSTALLED/$PLACED in
        yes/yes) roll_back ;;
        yes/no) printf '\nThe binary is the one that was there. %s\n' "$text" >&2 ;;
        */proved) printf '\nMeetbox %s is ready all the same, and stays. %s\n' "$(version_of "$BINARY")" "$text" >&2 ;;
        no/no) printf '\n%s\n' "$text" >&2 ;;
        *) printf '\n%s\nTo go back: %s uninstall%s\n' "$text" "$BINARY" "$([[ $KEPT == yes ]] || printf ' --purge')" >&2 ;;
        esac
        if [[ -n $BACKUP ]]; then printf 'The backup of before: %s\n' "$BACKUP" >&2; fi
    fi
    [[ -z $WORK ]] || rm -rf -- "$WORK"
    exit "$status"
}

roll_back() {
    local by_hand="install -m 755 $LIBRARY/previous $BINARY && meetbox setup --yes && systemctl restart meetbox"
    printf '\nGoing back to the binary of before.\n' >&2
    if install -m 755 "$LIBRARY/previous" "$BINARY.new" && mv -f "$BINARY.new" "$BINARY" &&
        install -m 600 /dev/null "$LIBRARY/return.log" && "$BINARY" setup --yes >"$LIBRARY/return.log" 2>&1 && systemctl restart meetbox.service && wait_ready; then
        say "Meetbox $(version_of "$BINARY") is back, and ready. What the other said: journalctl -u meetbox --since -15min" >&2
    else
        printf 'error: that failed, too. What it says: journalctl -u meetbox -n 50; %s\nBy hand: %s\n' "$LIBRARY/return.log" "$by_hand" >&2
    fi
}

# The binary takes everything away, itself at last.
uninstall() {
    local options=()
    [[ -x $BINARY ]] || refuse "there is no $BINARY; Meetbox is not installed"
    if [[ $PURGE == yes ]]; then options+=(--purge); fi
    if [[ $YES == yes ]]; then options+=(--yes); fi
    "$BINARY" uninstall "${options[@]}"
}

main "$@"
