#!/bin/sh
# Says what systemctl says: units are active when /tmp/model/active has their name.
case "$1" in
--version) cat /tmp/model/systemd 2>/dev/null || echo 'systemd 252 (252.39-1~deb12u1)' ;;
is-active) grep -qxF "$3" /tmp/model/active 2>/dev/null || exit 3 ;;
*) echo "systemctl $*" >>/tmp/model/log ;;
esac
