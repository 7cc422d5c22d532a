#!/usr/bin/env bash
# Writes .sqlx/ anew: what a Postgres with all migrations says of each query, so that a build needs no database.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=packaging/scratch-postgres.sh
. packaging/scratch-postgres.sh

folder=$(mktemp -d /tmp/meetbox-queries.XXXXXX)
trap 'stop_scratch_postgres; rm -rf "$folder"' EXIT
start_scratch_postgres "$folder"

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
