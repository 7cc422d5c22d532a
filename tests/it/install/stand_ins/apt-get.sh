#!/bin/sh
# Installs Docker when it is told to, and nothing else.
echo "apt-get $*" >>/tmp/model/log
case "$*" in
*install*docker*)
    [ ! -e /tmp/model/apt-fails ] || { echo 'E: Unable to locate package docker.io' >&2; exit 100; }
    cp /srv/docker.sh /usr/local/sbin/docker
    chmod 755 /usr/local/sbin/docker
    ;;
esac
