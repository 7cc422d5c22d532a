#!/usr/bin/env bash
# Builds a release again, in another folder and from the commit alone, and says whether the same bytes come out. Takes the
# folder of the release; without one, dist/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

main() {
    local release commit folder
    release=$(realpath "${1:-dist}")
    commit=$(sed -n 's/^commit: //p' "$release"/*.buildinfo)
    [[ $commit =~ ^[0-9a-f]{40}$ ]] || fail "the release was built from $commit, which is not a commit alone"
    git cat-file -e "$commit^{commit}" 2>/dev/null || fail "this repository has no commit $commit; git fetch may bring it"
    (cd "$release" && sha256sum --quiet --check SHA256SUMS) || fail "the files in $release are not those that were summed up"

    folder=$(mktemp -d "${TMPDIR:-/tmp}/meetbox-reproduction.XXXXXX")
    # Written out now: the variable is gone when it runs.
    # shellcheck disable=SC2064 # on purpose, see above
    trap "rm -rf '$folder'" EXIT
    git clone --quiet --no-checkout . "$folder/sources"
    git -C "$folder/sources" checkout --quiet --detach "$commit"
    # What the machine has need not be built again; it is no part of the release.
    mkdir "$folder/sources/.meetbox"
    if [[ -d .meetbox/bin ]]; then ln -s "$PWD/.meetbox/bin" "$folder/sources/.meetbox/bin"; fi
    env -u MINISIGN_KEY -u CARGO_TARGET_DIR make --directory "$folder/sources" dist

    compare "$release" "$folder/sources/dist"
}

# compare RELEASE AGAIN
compare() {
    # First: other tools explain other bytes.
    diff --unified=0 "$1"/*.buildinfo "$2"/*.buildinfo || printf 'hint: the tools differ, as above\n' >&2
    if diff "$1/SHA256SUMS" "$2/SHA256SUMS"; then
        printf 'the same, byte for byte:\n'
        cat "$2/SHA256SUMS"
    else
        fail 'the files above came out differently'
    fi
}

fail() {
    printf 'error: %s\n' "$1" >&2
    exit 1
}

main "$@"
