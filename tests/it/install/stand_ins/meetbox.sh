#!/usr/bin/env bash
# A small model of the binary, VERSION with MIGRATIONS, that notes what it is asked in /tmp/model/log and fails where a file
# there says so. What it looks at before an installation is looked at by the real one.
set -eu
readonly VERSION=@VERSION@ MIGRATIONS=@MIGRATIONS@ MODEL=/tmp/model

case $1 in
--version) echo "meetbox $VERSION"; exit ;;
version) printf 'meetbox: %s\nmigrations: %s, the newest is %s\n' "$VERSION" "$MIGRATIONS" "$MIGRATIONS"; exit ;;
preflight) exec /tmp/meetbox-real "$@" ;;
healthcheck)
    if [[ -e $MODEL/unhealthy-$VERSION ]]; then
        echo 'error: not ready: http://127.0.0.1:3001/readyz answered 503' >&2
        exit 2
    fi
    echo ready
    exit
    ;;
esac

echo "$VERSION $*${PORT+ PORT}${COMPOSE_FILE+ COMPOSE_FILE}${POSTGRES_PASSWORD+ POSTGRES_PASSWORD}" >>$MODEL/log
case $1 in
setup)
    if [[ -e $MODEL/setup-fails-$VERSION ]]; then
        echo 'error: cannot start the containers' >&2
        exit 2
    fi
    mkdir -p /etc/meetbox
    if ! grep -q PUBLIC_URL /etc/meetbox/meetbox.env 2>/dev/null; then
        echo 'PUBLIC_URL=https://meet.example.org' >>/etc/meetbox/meetbox.env
        printf '{\n  "email": null,\n  "certificate": "internal"\n}\n' >/etc/meetbox/setup.json
    fi
    ;;
recordings)
    if [[ -e $MODEL/recording ]]; then
        echo 'blue-heron  active'
        exit 3
    fi
    ;;
backup)
    if [[ -e $MODEL/backup-fails ]]; then
        echo 'error: no space left on device' >&2
        exit 2
    fi
    echo "$3/meetbox-1.backup"
    ;;
esac
