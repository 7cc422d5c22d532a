#!/usr/bin/env bash
# Writes .sqlx/ anew: what a Postgres with all migrations says of each query, so that a build needs no database.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(mktemp -d /tmp/meetbox-queries.XXXXXX)
postgres=
trap 'if [[ -n $postgres ]]; then kill -INT "$postgres"; wait "$postgres" || true; fi; rm -rf "$folder"' EXIT

# Postgres refuses to run as root.
unprivileged() {
    if ((EUID == 0)); then setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@"; else "$@"; fi
}
user=$(id -un postgres 2>/dev/null || echo nobody)
if ((EUID == 0)); then chown "$user" "$folder"; fi

programs=$(find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' 2>/dev/null | sort --version-sort | tail -n 1)
export PATH=${programs:+$programs:}$PATH

# No TCP: the folder is ours alone, so no password is needed, and no port can be taken.
unprivileged initdb -D "$folder/data" -U meetbox --auth=trust --encoding=UTF8 --locale=C >"$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; exit 1; }
chmod 711 "$folder"
# Not through the function: its process must be Postgres itself, to be stopped by its id.
as=()
if ((EUID == 0)); then as=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups); fi
"${as[@]}" postgres -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off >"$folder/log" 2>&1 &
postgres=$!
for _ in {1..150}; do
    pg_isready -q -h "$folder" && break
    sleep 0.1
done

for migration in migrations/*.sql; do
    psql -q -h "$folder" -U meetbox -d postgres -v ON_ERROR_STOP=1 --single-transaction -f "$migration"
done

# The macros write their files when both variables are set and the sources are compiled anew.
rm -rf "$folder/sqlx"
mkdir "$folder/sqlx"
touch src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$folder/sqlx \
    DATABASE_URL="postgres://meetbox@localhost/postgres?host=$folder" cargo check --all-targets

# Only now: a build that fails must leave the old ones.
mkdir -p .sqlx
rm -f .sqlx/query-*.json
cp "$folder"/sqlx/query-*.json .sqlx/
printf '.sqlx describes %s queries\n' "$(find .sqlx -name 'query-*.json' | wc -l)"
