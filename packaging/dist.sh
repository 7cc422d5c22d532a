#!/usr/bin/env bash
# Makes a release in dist/: for each architecture the static binary, its compressed form and a bundle for the installer;
# lists of what is in them, checksums, and a signature when MINISIGN_KEY names a key. docs/releases.md tells what for.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly ARCHITECTURES=(amd64 arm64)
readonly PUBLIC_KEY=packaging/minisign.pub
# What a binary may weigh; docs/releases.md says what does. One that outgrows it is still made: whoever makes it decides.
readonly MOST_BYTES=12000000 MOST_BYTES_COMPRESSED=4500000

main() {
    VERSION=$(sed -n '/^\[package\]/,/^$/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
    # Times in what is built are that of the commit: the clock's would make each build another one.
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
    MEETBOX_COMMIT=$(commit)
    export SOURCE_DATE_EPOCH MEETBOX_COMMIT

    # An older release beside the new one would be signed along with it.
    rm -rf dist
    mkdir dist
    local arch name binary
    packaging/installer.sh >dist/install.sh
    chmod 755 dist/install.sh
    for arch in "${ARCHITECTURES[@]}"; do
        name=meetbox-$VERSION-linux-$arch
        printf '=== %s\n' "$name"
        binary=$(packaging/static-build.sh "$arch")
        install -m 755 "$binary" "dist/$name"
        packaging/sbom.sh "$arch" >"dist/$name.cdx.json"
        xz -9 --extreme --threads=1 --keep "dist/$name"
        packaging/bundle.sh "dist/$name" "dist/$name.cdx.json" dist/install.sh "$name" >"dist/$name.tar.gz"
        weigh "dist/$name" "$MOST_BYTES"
        weigh "dist/$name.xz" "$MOST_BYTES_COMPRESSED"
        packaging/prove-binary.sh "dist/$name"
    done
    build_info >"dist/meetbox-$VERSION.buildinfo"
    (cd dist && sha256sum -- * >../SHA256SUMS.draft && mv ../SHA256SUMS.draft SHA256SUMS)
    sign
    ls -l dist
}

# The commit that is built, and whether there is more in the tree than that.
commit() {
    local changes
    changes=$(git status --porcelain)
    if [[ -n $changes ]]; then
        printf 'warning: not in the commit, so this is no release that others can build:\n%s\n' "$changes" >&2
    fi
    printf '%s%s\n' "$(git rev-parse HEAD)" "${changes:+-modified}"
}

# weigh FILE MOST
weigh() {
    local bytes
    bytes=$(stat -c %s "$1")
    printf '%s: %s bytes\n' "$1" "$bytes"
    if ((bytes > $2)); then printf 'warning: %s is larger than the %s bytes it should have at most\n' "$1" "$2" >&2; fi
}

# Whoever builds the same commit with the same tools gets the same bytes; these are the tools.
build_info() {
    printf 'version: %s\ncommit: %s\n' "$VERSION" "$MEETBOX_COMMIT"
    printf 'rust for amd64: %s\nrust for arm64: %s\n' "$(rustc --version)" "$(/usr/bin/rustc --version)"
    printf 'node: %s\n' "$(node --version)"
    # The C library is linked in; what compresses decides about the bytes, too.
    # shellcheck disable=SC2016 # the placeholders are for dpkg-query
    dpkg-query --show --showformat='${Package}: ${Version}\n' gcc-12 libc6-dev gcc-aarch64-linux-gnu \
        libc6-dev-arm64-cross libstd-rust-web-dev:arm64 binutils xz-utils gzip tar 2>/dev/null | sort -u || true
}

# Signs the checksums, and with them every file.
sign() {
    if [[ -z ${MINISIGN_KEY-} ]]; then
        printf 'warning: this release is not signed; MINISIGN_KEY=FILE make dist signs it (docs/releases.md)\n' >&2
        return 0
    fi
    minisign -S -s "$MINISIGN_KEY" -m dist/SHA256SUMS -x dist/SHA256SUMS.minisig -t "meetbox $VERSION ${MEETBOX_COMMIT}" ||
        fail "$MINISIGN_KEY does not sign; see above"
    # A signature with a key that nobody knows is as good as none, and is found out only at the first installation.
    if [[ -e $PUBLIC_KEY ]]; then
        minisign -V -q -p "$PUBLIC_KEY" -m dist/SHA256SUMS || fail "$MINISIGN_KEY does not belong to $PUBLIC_KEY"
    fi
}

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

main "$@"
