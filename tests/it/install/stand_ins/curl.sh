#!/bin/sh
# Caddy is not here, so whether it serves the domain is said by a file; everything else goes to the real one.
case "$*" in
*/readyz*)
    if [ -e /tmp/model/no-https ]; then
        echo 'curl: (35) error:0A000438:SSL routines::tlsv1 alert internal error' >&2
        exit 35
    fi
    ;;
*) exec /usr/bin/curl "$@" ;;
esac
