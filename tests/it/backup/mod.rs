//! `meetbox backup` and `meetbox restore`: the real binary, a real Postgres, and Postgres' own programs.

mod damage;
mod elsewhere;
mod interrupted;
mod restored;
mod saved;
mod settings;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use chrono::{DateTime, Utc};
use meetbox::app::seed::sow;
use sha2::Digest as _;
use sqlx::{Executor, Row};
use tempfile::TempDir;

use crate::{
    livekit_model::{API_KEY, API_SECRET},
    services::{Database, postgres::find_postgres_program},
};

/// A secret in the settings that are saved.
pub const SECRET: &str = "a-secret-that-nobody-may-see-1";

/// A machine to save: settings below a folder, a database, a shelf for backups, and a key that opens them.
pub struct Machine {
    pub folder: TempDir,
    pub database: Database,
    /// What the environment says besides.
    pub more: Vec<(&'static str, String)>,
    /// Where programs are looked for before all else.
    pub programs: PathBuf,
}

/// How a command ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Machine {
    /// One with that database, some settings, and a key of age to encrypt to.
    pub fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("root/etc/meetbox/compose.d")).unwrap();
        fs::create_dir(at("programs")).unwrap();
        let text = format!("PUBLIC_URL=https://meet.example.org\nLIVEKIT_API_SECRET={SECRET}\n");
        fs::write(at("root/etc/meetbox/meetbox.env"), text).unwrap();
        fs::set_permissions(at("root/etc/meetbox/meetbox.env"), fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(at("root/etc/meetbox/compose.d/50-mine.yaml"), "services: {}\n").unwrap();

        let key = age::x25519::Identity::generate();
        let secret = age::secrecy::ExposeSecret::expose_secret(&key.to_string()).to_owned();
        fs::write(at("key"), format!("# a comment\n{secret}\n")).unwrap();
        let more = vec![("BACKUP_RECIPIENTS", key.to_public().to_string())];
        let programs = at("programs");
        Self { folder, database, more, programs }
    }

    /// The same, encrypting with a passphrase in place of the key.
    pub fn with_passphrase(mut self, passphrase: &str) -> Self {
        self.more = vec![("BACKUP_PASSPHRASE", passphrase.to_owned())];
        self
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let ours = find_postgres_program("pg_dump").parent().unwrap().display().to_string();
        let path = format!("{}:{ours}:/usr/bin:/bin", self.programs.display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_meetbox"));
        command
            .args(arguments)
            .arg("--root")
            .arg(self.at("root"))
            .env_clear()
            .env("PATH", path)
            .env("APP_ENV", "local")
            .env("PUBLIC_URL", "http://meet.example.org")
            .env("DATABASE_URL", self.database.url())
            .env("DATABASE_START_TIMEOUT_SECONDS", "1")
            .env("REDIS_URL", "redis://127.0.0.1:1")
            .env("LIVEKIT_URL", "ws://127.0.0.1:1")
            .env("LIVEKIT_API_KEY", API_KEY)
            .env("LIVEKIT_API_SECRET", API_SECRET)
            .env("BACKUP_DIR", self.at("shelf"))
            .envs(self.more.iter().map(|(name, value)| (*name, value.as_str())))
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::of(self.command(arguments).output().unwrap())
    }

    /// Starts a command that a test breaks off.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Makes a backup, and answers where it is.
    pub fn backup(&self, arguments: &[&str]) -> PathBuf {
        let said = self.run(&[&["backup"], arguments].concat());
        assert_eq!(said.code, 0, "{said:?}");
        let place = said.out.strip_prefix("saved ").and_then(|rest| rest.split_once(" (")).expect("one line").0;
        PathBuf::from(place)
    }

    /// Restores it as those arguments say, with the key.
    pub fn restore(&self, archive: &Path, arguments: &[&str]) -> Said {
        let (archive, key) = (archive.display().to_string(), self.at("key").display().to_string());
        self.run(&[&["restore", &archive, "--identity", &key], arguments].concat())
    }

    /// What lies on the shelf, but for its lock.
    pub fn shelf(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.at("shelf")) else { return Vec::new() };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != ".lock").collect();
        names.sort();
        names
    }

    /// Puts a program before the real one of that name; `$REAL` stands for that one.
    pub fn stand_in(&self, name: &str, script: &str) {
        let path = self.programs.join(name);
        let real = find_postgres_program("pg_dump").with_file_name(name).display().to_string();
        fs::write(&path, format!("#!/bin/sh\nREAL={real}\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// How databases begin that are on trial for this machine's.
    pub fn scratch_prefix(&self) -> String {
        let digest = sha2::Sha256::digest(&self.database.name);
        let digits: String = digest[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("meetbox_restore_{digits}_")
    }

    /// The databases of the cluster that a restore of this machine's could have made.
    pub async fn databases(&self) -> Vec<String> {
        let pool = self.database.pool().await;
        let names = "select datname::text from pg_database
            where starts_with(datname::text, $1) or starts_with(datname::text, $2) order by 1";
        let rows = sqlx::query(names)
            .bind(self.scratch_prefix())
            .bind(format!("{}_before_", self.database.name))
            .fetch_all(&pool)
            .await
            .unwrap();
        pool.close().await;
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// How many rows that table has.
    pub async fn count(&self, table: &str) -> i64 {
        let pool = self.database.pool().await;
        let count = pool.fetch_one(sqlx::AssertSqlSafe(format!("select count(*) from {table}"))).await.unwrap().get(0);
        pool.close().await;
        count
    }

    /// Does something to the database.
    pub async fn sql(&self, text: &str) {
        let pool = self.database.pool().await;
        pool.execute(sqlx::AssertSqlSafe(text.to_owned())).await.unwrap();
        pool.close().await;
    }

    /// Fills the database with meetings.
    pub async fn sow(&self) {
        let pool = self.database.pool().await;
        let now: DateTime<Utc> = "2026-03-11T15:42:07Z".parse().unwrap();
        sow(&pool, now).await.unwrap();
        pool.close().await;
    }
}

impl Said {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let said =
            Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) };
        assert!(!said.out.contains(SECRET) && !said.err.contains(SECRET), "{said:?}");
        said
    }

    #[track_caller]
    pub fn succeeds(&self, with: &str) {
        assert_eq!(self.code, 0, "{self:?}");
        assert!(self.out.contains(with), "{self:?}");
    }

    #[track_caller]
    pub fn fails(&self, code: i32, with: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.contains("error: ") && self.err.contains(with), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
    }
}
