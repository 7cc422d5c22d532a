# A Postgres in a folder of its own, for scripts to source: it listens in that folder only, and takes whoever may enter it.
# shellcheck shell=bash

# Its process, as long as it runs.
scratch_postgres=

# start_scratch_postgres FOLDER: with a superuser `meetbox` and a database `postgres`.
start_scratch_postgres() {
    local folder=$1 user programs as=()
    programs=$(find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' 2>/dev/null | sort --version-sort | tail -n 1)
    export PATH=${programs:+$programs:}$PATH

    # Postgres refuses to run as root.
    if ((EUID == 0)); then
        user=$(id -un postgres 2>/dev/null || echo nobody)
        as=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups)
        chown "$user" "$folder"
    fi

    # No TCP: the folder is ours alone, so no password is needed, and no port can be taken.
    "${as[@]}" initdb -D "$folder/data" -U meetbox --auth=trust --encoding=UTF8 --locale=C >"$folder/log" 2>&1 ||
        { cat "$folder/log" >&2; exit 1; }
    chmod 711 "$folder"
    "${as[@]}" postgres -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off >"$folder/log" 2>&1 &
    scratch_postgres=$!
    for _ in {1..150}; do
        if pg_isready -q -h "$folder"; then return 0; fi
        sleep 0.1
    done
    cat "$folder/log" >&2
    exit 1
}

stop_scratch_postgres() {
    if [[ -n $scratch_postgres ]]; then
        kill -INT "$scratch_postgres"
        wait "$scratch_postgres" || true
    fi
}
