#!/bin/sh
# Says what docker says.
case "$*" in
version*)
    if [ -e /tmp/model/docker-is-down ]; then
        echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2
        exit 1
    fi
    echo 20.10.24
    ;;
'compose version'*)
    [ ! -e /tmp/model/no-compose ] || { echo "docker: 'compose' is not a docker command." >&2; exit 1; }
    cat /tmp/model/compose-version 2>/dev/null || echo 2.39.4
    ;;
'image inspect'*) [ ! -e /tmp/model/no-images ] || exit 1 ;;
'volume inspect'* | inspect*) exit 1 ;;
'ps '*) if grep -qxF meetbox-stack.service /tmp/model/active 2>/dev/null; then echo 0123456789ab; fi ;;
info*) ;;
*) echo "docker $*" >>/tmp/model/log ;;
esac
