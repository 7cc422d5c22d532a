#!/bin/sh
# Caddy is not here, so whether it serves the domain is said by a file, and neither is Docker's server, which has a key;
# everything else goes to the real one.
case "$*" in
*/readyz*)
    if [ -e /tmp/model/no-https ]; then
        echo 'curl: (35) error:0A000438:SSL routines::tlsv1 alert internal error' >&2
        exit 35
    fi
    ;;
*https://download.docker.com/linux/debian/gpg*)
    echo "curl $*" >>/tmp/model/log
    while [ "$1" != --output ]; do shift; done
    echo 'the key of Docker' >"$2"
    ;;
*) exec /usr/bin/curl "$@" ;;
esac
