#!/usr/bin/env bash
# Builds the static release binary for amd64 or arm64, so that one commit and one set of tools always give the same bytes,
# whatever the folder. Prints where it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly USAGE='usage: packaging/static-build.sh amd64|arm64'
# What stands in the binary in place of the folders of the sources, ours and the crates'.
readonly SOURCES=/meetbox CRATES=/cargo

main() {
    local arch=${1-} target folder
    case $arch in
        amd64) target=x86_64-unknown-linux-gnu ;;
        arm64) target=aarch64-unknown-linux-gnu ;;
        *) fail "$USAGE" ;;
    esac
    folder=${CARGO_TARGET_DIR:-target}
    [[ -e web/out/index.html ]] || fail 'web/out is empty, and a release has the web app in it; make web builds it'
    choose_tools "$target"

    SQLX_OFFLINE=true CARGO_INCREMENTAL=0 CARGO_ENCODED_RUSTFLAGS=$(flags "$target") \
        "${CARGO:-cargo}" build --profile dist --locked --target "$target" --target-dir "$folder" >&2

    local binary=$folder/$target/dist/meetbox
    inspect "$binary"
    printf '%s\n' "$binary"
}

# The machine's own Rust builds for the machine. For another processor its standard library is missing, and no package
# registry has it; Debian's Rust, which Firefox is built with there, has one for each of Debian's processors.
choose_tools() {
    if [[ $1 == "$(rustc -vV | sed -n 's/^host: //p')" ]]; then return 0; fi
    [[ $1 == aarch64-* ]] || fail "this machine cannot build for $1: that is built on amd64"
    # In a folder of its own: neither waits for the other's builds.
    folder+=/debian
    export CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar
}

# What rustc is told besides, separated as cargo wants it: folders may have spaces. Where sources stand would otherwise be
# in the messages of panics. Takes the target.
flags() {
    local IFS=$'\x1f'
    local all=(
        -C target-feature=+crt-static
        "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=$CRATES"
        "--remap-path-prefix=$PWD=$SOURCES"
    )
    # This one may be put anywhere in memory; packed, the places to be adjusted then weigh 9 kB in place of 700.
    if [[ $1 == x86_64-* ]]; then all+=(-C "link-arg=-Wl,--pack-dyn-relocs=relr"); fi
    printf '%s' "${all[*]}"
}

# inspect BINARY: it must run everywhere, and tell nothing of this machine.
inspect() {
    if readelf --program-headers "$1" | grep -q INTERP; then fail 'the binary asks for a dynamic loader'; fi
    if readelf --sections "$1" | grep -q '\.symtab'; then fail 'the binary has symbols left in it'; fi
    local folder
    for folder in "$PWD" "${CARGO_HOME:-$HOME/.cargo}"; do
        [[ $folder != "$SOURCES" && $folder != "$CRATES" ]] || continue
        if grep -qaF "$folder/" "$1"; then fail "the binary names $folder, so that another folder would give another one"; fi
    done
}

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

main "$@"
