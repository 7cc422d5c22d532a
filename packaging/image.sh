#!/usr/bin/env bash
# Packs a static program that is built already into Meetbox's image, for the architecture that it is for:
# `packaging/image.sh BINARY TAG`. Nothing is pulled from a registry.
set -euo pipefail

if (($# != 2)); then
    echo 'usage: packaging/image.sh BINARY TAG' >&2
    exit 1
fi
binary=$1
tag=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

headers=$(readelf --file-header --program-headers "$binary")
# The image has no libraries.
if grep -q INTERP <<<"$headers"; then
    printf 'error: %s asks for a dynamic loader, which the image has not\n\nhint: make static\n' "$binary" >&2
    exit 1
fi
case $headers in
*X86-64*) platform=linux/amd64 ;;
*AArch64*) platform=linux/arm64 ;;
*)
    printf 'error: %s is for neither amd64 nor arm64\n' "$binary" >&2
    exit 1
    ;;
esac

# A folder with nothing but what goes in: the sources need not be sent to the engine.
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp "$binary" "$context/meetbox"
chmod 755 "$context/meetbox"
mkdir "$context/packaging"
cp -R "$here/packaging/image" "$context/packaging/image"
version=$(sed -nE 's/^version = "(.*)"$/\1/p' "$here/Cargo.toml" | head -n 1)

# With BuildKit: the old builder calls stages by the wrong architecture. A newer client has it in a plugin, an older one in
# itself; where there are several, one that can is taken.
said=
while read -r docker; do
    if said=$(DOCKER_BUILDKIT=1 "$docker" build --quiet --platform "$platform" --target prebuilt --build-arg BINARY=meetbox \
        --build-arg VERSION="$version" --tag "$tag" --file "$here/Dockerfile" "$context" 2>&1); then
        printf '%s for %s\n' "$tag" "$platform"
        exit 0
    fi
done < <(type -ap docker)
printf 'error: docker cannot build the image: %s\n\nhint: is its engine running, and the buildx plugin installed?\n' \
    "${said:-there is no docker}" >&2
exit 1
