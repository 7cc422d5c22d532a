#!/usr/bin/env bash
# installer.sh [KEY [ADDRESS]]: prints install.sh as a release has it, with what only a release has: the public key that its
# checksums are signed with, and where releases are. Without the files it prints one that installs only what it is given.
set -euo pipefail

HERE=$(dirname "${BASH_SOURCE[0]}")
readonly KEY_FILE=${1:-$HERE/minisign.pub} ADDRESS_FILE=${2:-$HERE/releases.url}

key='' address=''
# The first line of a minisign key is a comment.
if [[ -e $KEY_FILE ]]; then key=$(sed -n 2p "$KEY_FILE"); fi
if [[ -e $ADDRESS_FILE ]]; then address=$(<"$ADDRESS_FILE"); fi
if [[ ! $key =~ ^[A-Za-z0-9+/=]*$ || ! $address =~ ^((https|file)://[A-Za-z0-9._/:-]+)?$ ]]; then
    printf 'error: there is no key in %s, or no address in %s\n' "$KEY_FILE" "$ADDRESS_FILE" >&2
    exit 1
fi
sed -e "s|^readonly RELEASE_KEY=''\$|readonly RELEASE_KEY='$key'|" \
    -e "s|^RELEASES=\${MEETBOX_RELEASES:-}\$|RELEASES=\${MEETBOX_RELEASES:-$address}|" "$HERE/../install.sh"
