#!/usr/bin/env bash
# Installs what developing Meetbox needs and this machine lacks, with `--tests` also what only its tests need, with
# `--containers` what packaging/test-compose.sh needs, with `--machines` what packaging/test-install.sh needs, and with
# `--dist` what only its releases need. Asks nothing, and may run any number of times: when nothing is missing it only looks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly RUST=1.95.0 NODE=20.19.0
# From here on go fetches the version that LiveKit asks for by itself.
readonly GO=1.21.0
readonly LIVEKIT=v1.13.5
# An S3-compatible store for the tests: a gateway to a folder.
readonly VERSITYGW=v1.8.0
# Debian has only its forerunner.
readonly COMPOSE=v2.40.3
# The package, and a file that tells that it is there, or that something else stands in for it.
readonly PACKAGES=(
    'build-essential /usr/bin/cc'
    'curl /usr/bin/curl'
    'pkg-config /usr/bin/pkg-config'
    'xz-utils /usr/bin/xz'
    'python3-venv /usr/lib/python3*/ensurepip/__init__.py'
    'redis-server /usr/bin/redis-server'
    'wrk /usr/bin/wrk'
    'chromium /usr/bin/chromium'
    'postgresql /usr/lib/postgresql/*/bin/initdb'
)
readonly FOR_TESTS=(
    'caddy /usr/bin/caddy'
    'shellcheck /usr/bin/shellcheck'
    # install.sh and the firewall are tried in namespaces of their own.
    'iptables /usr/sbin/iptables'
    'iproute2 /usr/sbin/ip'
    'minisign /usr/bin/minisign'
)
readonly FOR_CONTAINERS=(
    'docker.io /usr/sbin/dockerd'
    'iptables /usr/sbin/iptables'
    'iproute2 /usr/sbin/ip'
    'busybox-static /usr/bin/busybox'
)
readonly FOR_MACHINES=(
    'debootstrap /usr/sbin/debootstrap'
    'systemd-container /usr/bin/systemd-nspawn'
    'docker-registry /usr/bin/docker-registry'
)
# Rust for ARM64, of Debian's own making: rustup's would have to be fetched from outside of any package registry. And what
# signs a release, and runs one for another processor.
readonly FOR_RELEASES=(
    'rustc-web /usr/share/doc/rustc-web/copyright'
    'cargo-web /usr/share/doc/cargo-web/copyright'
    'libstd-rust-web-dev /usr/lib/rustlib/x86_64-unknown-linux-gnu/lib/libstd-*.rlib'
    'libstd-rust-web-dev:arm64 /usr/lib/rustlib/aarch64-unknown-linux-gnu/lib/libstd-*.rlib'
    'gcc-aarch64-linux-gnu /usr/bin/aarch64-linux-gnu-gcc'
    'libc6-dev-arm64-cross /usr/aarch64-linux-gnu/lib/libc.a'
    'qemu-user-static /usr/bin/qemu-aarch64-static'
    'minisign /usr/bin/minisign'
)
# Lists what a release is made of.
readonly CYCLONEDX=0.5.9

problems=()

main() {
    check_version rustc "$RUST" 'https://rustup.rs, or rustup update stable' "$(rustc --version 2>/dev/null | awk '{print $2}')"
    check_version node "$NODE" 'https://nodejs.org' "$(node --version 2>/dev/null)"
    install_packages "${PACKAGES[@]}"
    install_from_go livekit-server server "github.com/livekit/livekit-server/cmd/server@$LIVEKIT"
    case ${1-} in
    --tests | --containers | --machines)
        install_packages "${FOR_TESTS[@]}"
        install_from_go versitygw versitygw "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW"
        ;;
    esac
    case ${1-} in
    --containers | --machines)
        install_packages "${FOR_CONTAINERS[@]}"
        install_compose
        ;;
    esac
    if [[ ${1-} == --machines ]]; then install_packages "${FOR_MACHINES[@]}"; fi
    if [[ ${1-} == --dist ]]; then
        install_packages "${FOR_RELEASES[@]}"
        install_from_crates cargo-cyclonedx "$CYCLONEDX"
    fi

    if ((${#problems[@]} > 0)); then
        printf 'error: %s\n' "${problems[@]}" >&2
        printf '\nhint: mend the above and run this again\n' >&2
        exit 1
    fi
}

# check_version PROGRAM OLDEST WHERE FOUND
check_version() {
    local found=${4#v}
    found=${found#go}
    if [[ -z $found ]]; then
        problems+=("$1 is missing; Meetbox needs $2 or later: $3")
    elif ! at_least "$found" "$2"; then
        problems+=("$1 is $found; Meetbox needs $2 or later: $3")
    fi
}

# at_least FOUND OLDEST
at_least() {
    [[ $(printf '%s\n%s\n' "$2" "${1%%-*}" | sort --version-sort | head -n 1) == "$2" ]]
}

# install_packages ENTRY…: those whose file is missing.
install_packages() {
    local missing=() entry
    for entry in "$@"; do
        # Unquoted on purpose: the file may be a pattern.
        # shellcheck disable=SC2086
        compgen -G ${entry#* } >/dev/null || missing+=("${entry%% *}")
    done
    ((${#missing[@]} > 0)) || return 0

    if ! command -v apt-get >/dev/null; then
        problems+=("this is not a Debian, so you have to install: ${missing[*]} (or what they are called here)")
        return 0
    fi
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        problems+=("there is no sudo; as root run: apt-get install ${missing[*]}")
        return 0
    fi
    printf 'installing: %s\n' "${missing[*]}" >&2
    without_services install_now "${missing[@]}" || problems+=("apt-get could not install: ${missing[*]}")
}

install_now() {
    # A package for another processor than this machine's own can be had once dpkg knows that there is such a one.
    case " $* " in
        *:arm64\ *) as_root dpkg --add-architecture arm64 || return 1 ;;
    esac
    as_root apt-get -qq update >&2 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@" >&2
}

# Debian starts a server as soon as it is installed. Meetbox runs its own, and one that the machine had not asked for
# must not stay behind: for as long as the command runs, nothing is started, and no database cluster is made.
without_services() {
    local policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.d/meetbox-dev.conf status=0
    local ours=false

    if [[ ! -e $policy ]]; then
        ours=true
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    as_root mkdir -p "${clusters%/*}"
    printf 'create_main_cluster = false\n' | as_root tee "$clusters" >/dev/null

    "$@" || status=$?

    as_root rm -f "$clusters"
    if [[ $ours == true ]]; then as_root rm -f "$policy"; fi
    return "$status"
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# install_from_go PROGRAM BUILT MODULE: builds the module's program, which go calls BUILT, unless PROGRAM is there.
install_from_go() {
    local program=$1 built=$2 module=$3 here=$PWD/.meetbox/bin
    if command -v "$program" >/dev/null || [[ -x $here/$program ]]; then return 0; fi

    local before=${#problems[@]}
    check_version go "$GO" 'https://go.dev/dl' "$(go version 2>/dev/null | awk '{print $3}')"
    ((${#problems[@]} == before)) || return 0

    printf 'building %s %s (some minutes, once)\n' "$program" "${module##*@}" >&2
    mkdir -p "$here"
    # Built beside its place, so that what stands there is whole.
    local draft
    draft=$(mktemp -d "$here/draft.XXXXXX")
    if GOBIN=$draft go install "$module" >&2; then
        mv "$draft/$built" "$here/$program"
    else
        problems+=("go could not build $module")
    fi
    rm -rf "$draft"
}

# Docker's compose plugin. Go installs only modules that replace none of theirs, and this one does: so it is built as
# what a module of our own leans on.
install_compose() {
    local here=$PWD/.meetbox/bin scratch
    [[ ! -x $here/docker-compose ]] || return 0

    printf 'building docker compose %s (some minutes, once)\n' "$COMPOSE" >&2
    mkdir -p "$here"
    scratch=$(mktemp -d "$here/draft.XXXXXX")
    if (
        cd "$scratch"
        go mod init scratch && go get "github.com/docker/compose/v2/cmd@$COMPOSE" &&
            go build -o docker-compose github.com/docker/compose/v2/cmd
    ) >&2; then
        mv "$scratch/docker-compose" "$here/docker-compose"
    else
        problems+=("go could not build docker compose $COMPOSE")
    fi
    rm -rf "$scratch"
}

# install_from_crates PROGRAM VERSION: builds that command of cargo into .meetbox/bin, unless that version is there.
install_from_crates() {
    if [[ $("$PWD/.meetbox/bin/$1" "${1#cargo-}" --version 2>/dev/null) == *" $2" ]]; then return 0; fi
    printf 'building %s %s (some minutes, once)\n' "$1" "$2" >&2
    # cargo puts what it builds into `bin`, whole, and only when all of it is there.
    cargo install --quiet --locked --root "$PWD/.meetbox" --version "$2" "$1" >&2 || problems+=("cargo could not build $1 $2")
}

main "$@"
