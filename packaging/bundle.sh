#!/usr/bin/env bash
# Puts what packaging/bundle.list says into one archive: `bundle.sh BINARY SBOM INSTALLER NAME >NAME.tar.gz`. The times in it
# are SOURCE_DATE_EPOCH, so that the same files make the same bytes.
set -euo pipefail
binary=$(realpath "$1")
sbom=$(realpath "$2")
installer=$(realpath "$3")
name=$4
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
while read -r mode source target; do
    case $source in
        BINARY) source=$binary ;;
        SBOM) source=$sbom ;;
        INSTALLER) source=$installer ;;
    esac
    install -D -m "$mode" "$source" "$stage/$name/$target"
done < <(grep -v '^#' packaging/bundle.list)
# Order, owners and times as nobody's folder has them by itself.
tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --mode=go-w \
    --directory "$stage" "$name" | gzip --best --no-name
