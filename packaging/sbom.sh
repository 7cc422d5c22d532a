#!/usr/bin/env bash
# Prints what the binary for amd64 or arm64 is made of, in CycloneDX: the crates that are linked, and the npm packages whose
# code is in the web app that it carries.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1-} in
    amd64) target=x86_64-unknown-linux-gnu ;;
    arm64) target=aarch64-unknown-linux-gnu ;;
    *) printf 'usage: packaging/sbom.sh amd64|arm64\n' >&2; exit 1 ;;
esac
folder=$(mktemp -d)
# It writes beside Cargo.toml, and nowhere else.
draft=sbom-draft-$$
trap 'rm -rf "$folder" "$draft.json"' EXIT

.meetbox/bin/cargo-cyclonedx cyclonedx --quiet --format json --spec-version 1.5 --target "$target" --no-build-deps \
    --override-filename "$draft" >&2
npm --prefix web sbom --sbom-format cyclonedx --sbom-type application --package-lock-only >"$folder/packages.json"
node packaging/sbom.mjs "$draft.json" "$folder/packages.json"
