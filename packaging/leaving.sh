# shellcheck shell=bash
# The last sections of test-install.sh, which sources this: Meetbox is taken away, comes back from files alone, and is moved to a
# machine that knows nothing of it.

# Whoever sources this has set them: where the machine's files are, and a folder to work in.
: "${machine_root:=}" "${work:=}"

taking_it_away() {
    local saved
    saved=$(backups | wc -l)
    check 'it could be an older Meetbox, by its database' database_becomes_older
    check 'it can be taken away' machine /root/1/install.sh --uninstall --yes
    check 'nothing listens any more' nobody_listens
    check 'data and settings are still there' data_is_there
    check 'the rules are those of the cloud again' rules_are_gone
    check 'it can be installed again' install_bundle 1
    check 'and what was there has been saved before it was migrated' has_backups $((saved + 1))
    check 'and then it was' sql 'select from oidc_attempts'
    check 'and it is healthy' eventually 30 is_healthy
    everything_is_kept 'after it was taken away and came back'
    keep_what_survives_a_fire
    machine sh -c 'docker image ls --format "{{.Repository}}:{{.Tag}}" | grep -v none | sort -u | xargs docker save --output /root/images.tar'
    check 'it can be taken away with its data' machine /root/1/install.sh --uninstall --purge --yes
    check 'and nothing is left' nothing_is_left
}

nobody_listens() {
    not grep -E ':(80|443|3001|7880|7881|5432|6379|7981|9090) ' <(machine ss --no-header --numeric --listening --tcp)
}

# Without the last but one of its migrations, which only makes a table.
database_becomes_older() {
    machine systemctl stop meetbox && sql 'drop table oidc_attempts; delete from _sqlx_migrations where version = 18'
}

rules_are_gone() {
    not grep MEETBOX <(machine iptables-save && machine ip6tables-save)
}

data_is_there() {
    [[ -e $machine_root/etc/meetbox/meetbox.env ]] && machine docker volume inspect meetbox_postgres
}

nothing_is_left() {
    local found
    found=$(find "$machine_root" -xdev -path "$machine_root/root" -prune -o -path "$machine_root/var/log" -prune -o \
        -path "$machine_root/var/lib/docker/overlay2" -prune -o -iname '*meetbox*' -print)
    found+=$(machine docker ps --all --quiet)$(machine docker volume ls --quiet)$(machine docker image ls --quiet)
    found+=$(machine iptables-save | grep MEETBOX || true)$(grep meetbox "$machine_root"/etc/{passwd,group,shadow} || true)
    [[ -z $found ]] || { printf '%s\n' "$found" && return 1; }
}

# Everything comes in files, and nobody is asked for anything.
installing_without_a_network() {
    registry_end
    check 'it is installed from files alone' install_bundle 1 --domain "$DOMAIN" --certificate internal \
        --public-address "$MACHINE_ADDRESS" --images /root/images.tar
    trust_its_authority
    check 'and it is healthy' eventually 30 is_healthy
}

# Caddy has another one with each installation.
trust_its_authority() {
    cp "$machine_root$AUTHORITY" "$work/authority.crt" || true
}

# The newest backup, and the passphrase that somebody copied into their password manager.
keep_what_survives_a_fire() {
    cp "$(backups | tail -n 1)" "$machine_root/root/saved.tar"
    (umask 077 && sed -n "s/^BACKUP_PASSPHRASE=//p" "$machine_root/etc/meetbox/meetbox.env" | tr -d "'\"" >"$machine_root/root/passphrase")
}

# As docs/backup.md tells it: the settings first, the installation on top of them, the database at last.
moving_after_a_fire() {
    local settings=$machine_root/etc/meetbox/meetbox.env before
    check 'it can be taken away again' machine /root/1/install.sh --uninstall --purge --yes
    machine tar -xzf /root/1/meetbox.tar.gz -C /root --strip-components=1 --wildcards '*/meetbox'
    check 'settings come back where nothing is installed' restore_by /root/meetbox --settings
    before=$(grep ^DATABASE_URL= "$settings")
    check 'it is installed upon them, without being told the domain' install_bundle 1 --images /root/images.tar
    check 'with the passwords of before' grep -xF "$before" "$settings"
    trust_its_authority
    check 'and it is healthy' eventually 30 is_healthy
    check 'it stops' machine systemctl stop meetbox
    check 'the database comes back' restore_by meetbox
    check 'it starts' machine systemctl start meetbox
    check 'it is healthy with it' eventually 30 is_healthy
    check 'and what was saved is there' answers_kept sql 'select word from keepsake'
}

restore_by() {
    machine "$1" restore /root/saved.tar --yes --passphrase-file /root/passphrase "${@:2}"
}
