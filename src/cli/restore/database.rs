//! The database of an archive: restored beside the one that there is, compared, and then put in its place or taken away.

use std::{collections::BTreeMap, io, path::Path};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::runtime::Runtime;

use super::{Args, Waiting, confirm, source::Opened};
use crate::{
    app::backups::{Exchange, ExchangeError, Others, exchange},
    cli::{
        Failure,
        archive::{
            config_files::{self, eprintln},
            layout,
            postgres::{self, Address, Tool},
            progress::Counted,
        },
        print,
    },
    clock::Clock,
    config::Settings,
    db::{self, DbError, backup, databases, lock},
};

/// How databases are called that are on trial: after this eight digits for the database that they are to replace, and eight of
/// their own.
const SCRATCH: &str = "meetbox_restore_";
const DIGITS: usize = 8;
/// Databases to be connected to while others are renamed: there is at least one of them.
const ADMIN: [&str; 2] = ["postgres", "template1"];
/// As Postgres has it, in bytes; longer names are cut off silently.
const LONGEST_NAME: usize = 63;

/// What is to be restored, and where.
pub struct Job<'a> {
    pub settings: &'a Settings,
    pub opened: &'a Opened,
    pub root: &'a Path,
    pub waiting: Waiting<'a>,
}

/// What a restored database holds.
struct Restored {
    name: String,
    rows: i64,
    applied: usize,
    schema: i64,
}

impl Restored {
    fn told(&self, tables: usize) -> String {
        let migrations = match self.applied {
            0 => String::new(),
            1 => ", 1 migration applied".to_owned(),
            more => format!(", {more} migrations applied"),
        };
        format!("{} rows in {tables} tables, schema {}{migrations}", self.rows, self.schema)
    }
}

impl Job<'_> {
    /// Proves that it can be restored, and changes nothing.
    pub fn verify(&self) -> Result<(), Failure> {
        let server = self.server()?;
        let restored = self.beside(&server)?;
        self.take_away(&server, &restored.name)?;
        server.release(self.waiting.runtime);
        let told = restored.told(self.opened.contents.rows.len());
        print(&format!("{} can be restored: {told}\n", self.opened.told()))
    }

    /// Puts it in the place of the database of the settings.
    pub fn restore(&self, args: &Args) -> Result<(), Failure> {
        let server = self.server()?;
        let place = server.address.database().to_owned();
        let others = if args.disconnect { Others::Leave } else { Others::Stay };
        let there = self.look(&server, &place, others)?;
        let kept = self.name_to_keep(&server, &place)?;
        eprintln(&format!("{} takes the place of the database {place}.", self.opened.told()));
        if there {
            eprintln(&format!("What is there now stays on the server, as {kept}."));
        }
        confirm(args, self.waiting)?;

        let restored = self.beside(&server)?;
        let names = Exchange { new: &restored.name, place: &place, kept: &kept };
        if let Err(err) = self.waiting.runtime.block_on(exchange(&server.admin, names, others)) {
            let failure = match &err {
                ExchangeError::InUse(_) => in_use(&err),
                ExchangeError::Db(_) => {
                    Failure::ours(format!("cannot put it in the place of {place}; all is as it was")).because(&err)
                }
            };
            return Err(self.after_taking_away(&server, &restored.name, failure));
        }
        server.release(self.waiting.runtime);
        let told = restored.told(self.opened.contents.rows.len());
        print(&format!("restored {place} from {}: {told}\n", self.opened.told()))?;
        if there {
            eprintln(&format!("The database of before is kept as {kept}. When all is well: drop database \"{kept}\";"));
        }
        Ok(())
    }

    /// The server, with nobody else who restores there, and with what they left who were cut off taken away.
    fn server(&self) -> Result<Server, Failure> {
        let settings = &self.settings.database;
        let address = Address::of(settings)?;
        let tool = Tool::find("pg_restore", &address, &self.root.join("etc/meetbox"))?;
        let about = &self.opened.contents.about;
        let found = self.waiting.runtime.block_on(async {
            let admin = admin(self.settings).await?;
            let Some(held) = lock::try_hold_restore(&admin, address.database()).await.map_err(failed)? else {
                let message = format!("somebody else restores a backup of {}", address.database());
                return Err(Failure::input(message).hint("wait until it is done"));
            };
            let mut db = admin.acquire().await.map_err(DbError::from).map_err(failed)?;
            let version = backup::server_version(&mut db).await.map_err(failed)?;
            let prefix = scratch_prefix(address.database());
            for left in databases::beginning_with(&mut db, &prefix).await.map_err(failed)? {
                if is_scratch(&left, &prefix) {
                    databases::drop(&mut db, &left).await.map_err(failed)?;
                }
            }
            drop(db);
            Ok((admin, held, u32::try_from(version / 10_000).unwrap_or_default()))
        });
        let (admin, held, version) = found?;
        if version < about.postgres {
            return Err(Failure::input(format!(
                "the backup is of Postgres {}, and the server here is Postgres {version}, which may not understand it",
                about.postgres
            ))
            .hint("restore it into the same version of Postgres or a newer one"));
        }
        if tool.version < about.pg_dump {
            return Err(Failure::input(format!(
                "pg_restore is of version {}, and the backup was made by version {}",
                tool.version, about.pg_dump
            ))
            .hint(format!("install the newer programs: apt install postgresql-client-{}", about.pg_dump)));
        }
        Ok(Server { address, admin, held, tool })
    }

    /// Whether there is a database in that place already, and nobody in it who has to be asked to leave.
    fn look(&self, server: &Server, place: &str, others: Others) -> Result<bool, Failure> {
        let (there, sessions) = self.waiting.runtime.block_on(async {
            let mut db = server.admin.acquire().await.map_err(DbError::from).map_err(failed)?;
            let there = databases::exists(&mut db, place).await.map_err(failed)?;
            Ok::<_, Failure>((there, databases::sessions(&mut db, place).await.map_err(failed)?))
        })?;
        if others == Others::Stay && !sessions.is_empty() {
            return Err(in_use(&ExchangeError::InUse(sessions)));
        }
        Ok(there)
    }

    /// Under which name the database of before is kept: one that no database has, even when the last restore is not a second
    /// ago.
    fn name_to_keep(&self, server: &Server, place: &str) -> Result<String, Failure> {
        let now = Clock::System.now();
        let found = self.waiting.runtime.block_on(async {
            let mut db = server.admin.acquire().await.map_err(DbError::from)?;
            let mut number = 1;
            while databases::exists(&mut db, &kept_name(place, now, number)).await? {
                number += 1;
            }
            Ok(kept_name(place, now, number))
        });
        found.map_err(failed)
    }

    /// Restores into a database of its own, which is taken away when anything is not as it should be.
    fn beside(&self, server: &Server) -> Result<Restored, Failure> {
        let name = format!("{}{:08x}", scratch_prefix(server.address.database()), rand::random::<u32>());
        let created = self.waiting.runtime.block_on(async {
            let mut db = server.admin.acquire().await.map_err(DbError::from)?;
            databases::create(&mut db, &name).await
        });
        created.map_err(|err| {
            Failure::ours("cannot make a database beside the one that there is").because(&err).hint(
                "the role in DATABASE_URL has to be allowed that: alter role … createdb; the server also needs room for both",
            )
        })?;
        self.fill(server, &name).map_err(|failure| self.after_taking_away(server, &name, failure))
    }

    fn fill(&self, server: &Server, name: &str) -> Result<Restored, Failure> {
        self.pour(server, name)?;
        let contents = &self.opened.contents;
        let settings = &self.settings.database;
        let cannot =
            |err: &(dyn std::error::Error + 'static)| Failure::ours("cannot read what was restored").because(err);
        let (rows, schema) = self.waiting.on(async {
            let pool = backup::connect(settings, Some(name)).await.map_err(|err| cannot(&err))?;
            let read = read(&pool).await;
            pool.close().await;
            read.map_err(|err| cannot(&err))
        })?;
        if rows != contents.rows || schema != contents.about.schema {
            return Err(Failure::input("what was restored is not what was saved")
                .hint(format!("saved {:?}, restored {rows:?}", contents.rows)));
        }
        let migrated = self.waiting.runtime.block_on(db::migrate::migrate_database(settings, name)).map_err(|err| {
            Failure::ours("the migrations of this Meetbox do not apply to what was restored").because(&err)
        })?;
        // Migrating is not broken off half-way; what comes of it is not made use of.
        self.waiting.go_on()?;
        let total = rows.values().sum();
        Ok(Restored { name: name.to_owned(), rows: total, applied: migrated.applied, schema: migrated.version })
    }

    /// Lets `pg_restore` have what is in the archive, and sees to it that it was all of it.
    fn pour(&self, server: &Server, name: &str) -> Result<(), Failure> {
        let cannot = |err: io::Error| Failure::input("cannot read the database in the backup").because(&err);
        let arguments = [
            "--exit-on-error".to_owned(),
            "--no-owner".to_owned(),
            "--no-privileges".to_owned(),
            postgres::dbname(name),
        ];
        let sealed = self.opened.archive.read(layout::DUMP).map_err(cannot)?;
        let summed = Summed { inner: self.opened.keys.open(sealed)?, sha256: Sha256::new(), bytes: 0 };
        let mut input = Counted::new("restoring the database", summed);
        server.tool.read_from(&server.address, &arguments, &mut input, self.waiting.stop)?;
        // It may have stopped before the end, where nothing is left for it.
        io::copy(&mut input, &mut io::sink()).map_err(cannot)?;
        let Summed { sha256, bytes, .. } = input.into_inner();
        let contents = &self.opened.contents;
        if bytes != contents.dump_size || config_files::digest(sha256) != contents.dump_sha256 {
            return Err(Failure::input("the database in the backup is not as it was written"));
        }
        Ok(())
    }

    /// That failure, once the database on trial is taken away. When that fails as well, as it does when the server is gone, it
    /// is only said besides: it explains nothing.
    fn after_taking_away(&self, server: &Server, name: &str, failure: Failure) -> Failure {
        match self.take_away(server, name) {
            Ok(()) => failure,
            Err(besides) => failure.besides(&besides),
        }
    }

    fn take_away(&self, server: &Server, name: &str) -> Result<(), Failure> {
        let dropped = self.waiting.runtime.block_on(async {
            let mut db = server.admin.acquire().await.map_err(DbError::from)?;
            databases::drop(&mut db, name).await
        });
        dropped.map_err(|err| {
            Failure::ours(format!("cannot drop the database {name}, which was only for a trial"))
                .because(&err)
                .hint("the next `meetbox restore` does it")
        })
    }
}

/// The server of the settings, at which nobody else restores.
struct Server {
    address: Address,
    admin: PgPool,
    held: lock::Held,
    tool: Tool,
}

impl Server {
    fn release(self, runtime: &Runtime) {
        runtime.block_on(async {
            self.held.release().await;
            self.admin.close().await;
        });
    }
}

/// A way in that leads into none of the databases that are renamed.
async fn admin(settings: &Settings) -> Result<PgPool, Failure> {
    let mut first = None;
    for name in ADMIN {
        match backup::connect(&settings.database, Some(name)).await {
            Ok(pool) => return Ok(pool),
            Err(err) => first = first.or(Some(err)),
        }
    }
    let failure = Failure::ours("cannot reach the database server");
    let failure = match &first {
        Some(err) => failure.because(err),
        None => failure,
    };
    Err(failure.hint("DATABASE_URL says where it is; its role must be let into the database `postgres` or `template1`"))
}

async fn read(pool: &PgPool) -> Result<(BTreeMap<String, i64>, i64), DbError> {
    let mut db = pool.acquire().await?;
    let schema = backup::schema_version(&mut db).await?;
    let counts = backup::counts(&mut db).await?;
    // Nothing is known yet of how its values are spread, by which queries are planned.
    backup::analyze(&mut db).await?;
    Ok((counts.into_iter().map(|count| (count.table, count.rows)).collect(), schema))
}

fn failed(err: DbError) -> Failure {
    Failure::ours("the database server does not do what it is asked").because(&err)
}

fn in_use(err: &ExchangeError) -> Failure {
    Failure::input(err.to_string())
        .hint("nothing was changed. Stop it first: systemctl stop meetbox; or send everybody away with --disconnect")
}

/// How the databases begin that are on trial for that one: those of other houses on the server are none of ours.
fn scratch_prefix(place: &str) -> String {
    format!("{SCRATCH}{}_", layout::hex(&Sha256::digest(place)[..DIGITS / 2]))
}

fn is_scratch(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.len() == DIGITS && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// How the database of before may be called, the first, second and so on of that second.
fn kept_name(place: &str, now: DateTime<Utc>, number: u32) -> String {
    let mut ending = format!("_before_{}", now.format("%Y%m%d_%H%M%S"));
    if number > 1 {
        ending = format!("{ending}_{number}");
    }
    let mut beginning = place;
    while beginning.len() + ending.len() > LONGEST_NAME {
        let last = beginning.chars().next_back().map_or(1, char::len_utf8);
        beginning = &beginning[..beginning.len() - last];
    }
    format!("{beginning}{ending}")
}

/// Sums up what is read.
struct Summed<R> {
    inner: R,
    sha256: Sha256,
    bytes: u64,
}

impl<R: io::Read> io::Read for Summed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.sha256.update(&buf[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_databases_of_trials_are_taken_for_such() {
        let prefix = scratch_prefix("meetbox");
        assert!(is_scratch(&format!("{prefix}01234567"), &prefix));
        assert_ne!(prefix, scratch_prefix("staging"));
        for other in [format!("{prefix}of_march"), format!("{prefix}012345678"), prefix.clone(), "meetbox".to_owned()] {
            assert!(!is_scratch(&other, &prefix), "{other}");
        }
    }

    #[test]
    fn the_name_of_what_is_kept_is_one_that_postgres_does_not_cut() {
        let now = "2026-03-11T15:42:07Z".parse().unwrap();
        assert_eq!(kept_name("meetbox", now, 1), "meetbox_before_20260311_154207");
        assert_eq!(kept_name("meetbox", now, 2), "meetbox_before_20260311_154207_2");
        let [long, next] = [1, 10].map(|number| kept_name(&"ü".repeat(31), now, number));
        assert!(
            long.len() <= LONGEST_NAME && long.starts_with("üü") && long.ends_with("ü_before_20260311_154207"),
            "{long}"
        );
        assert!(next.len() <= LONGEST_NAME && next.ends_with("ü_before_20260311_154207_10"), "{next}");
    }
}
