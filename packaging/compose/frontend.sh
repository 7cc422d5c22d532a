#!/bin/sh
# Runs the web app with hot reload in its container: installs its packages when the list of them has changed, and works
# as the owner of the sources, so that nothing in the folder ends up belonging to root.
set -eu
cd /src/web

owner=$(stat -c %u:%g package.json)
# Volumes begin as root's.
for folder in node_modules .next; do
    [ "$(stat -c %u:%g "$folder")" = "$owner" ] || chown -R "$owner" "$folder"
done
export HOME=/tmp
as_owner="setpriv --reuid ${owner%:*} --regid ${owner#*:} --clear-groups"

# npm leaves a list of what it has installed.
installed=node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ -n "$(find package-lock.json -newer "$installed")" ]; then
    echo 'installing packages'
    # Not `npm ci`, which would remove the folder itself, and that is where the volume is.
    # shellcheck disable=SC2086 # it is meant to be split into words
    $as_owner npm install --no-save --no-audit --no-fund
fi
# shellcheck disable=SC2086 # it is meant to be split into words
exec $as_owner npm run dev -- --port 3000
