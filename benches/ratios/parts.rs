//! What the measurements run on: Postgres, Redis and LiveKit beside the load, and servers on a core of their own.

use std::{
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{PgPool, Row};

use crate::{
    machine, people,
    services::{
        LiveKit, LiveKitConfig, Redis, free_port,
        postgres::{Database, Postgres},
    },
};

/// The key and the secret that the test services use.
pub const API_KEY: &str = "devkey";
pub const API_SECRET: &str = "devsecretdevsecretdevsecretdevsecret";

/// The services, and one runtime for asking them.
pub struct Parts {
    pub postgres: Postgres,
    pub redis: Redis,
    pub livekit: LiveKit,
    pub runtime: tokio::runtime::Runtime,
}

impl Parts {
    /// Starts them all; Postgres as durable as in production, since a commit is part of what is measured.
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let redis = Redis::start();
        let postgres = Postgres::start();
        let config = LiveKitConfig { redis_port: redis.port, webhook_port: free_port(), empty_timeout: 300 };
        let livekit = LiveKit::start(config);
        let parts = Self { postgres, redis, livekit, runtime };
        parts.make_durable();
        parts
    }

    fn make_durable(&self) {
        let database = self.database();
        self.ask(&database, |pool| async move {
            for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
                let alter = sqlx::AssertSqlSafe(format!("alter system set {setting} = on"));
                sqlx::query(alter).execute(&pool).await.expect("a superuser may");
            }
            sqlx::query("select pg_reload_conf()").execute(&pool).await.expect("a superuser may");
            tokio::time::sleep(Duration::from_millis(300)).await;
            let fsync: String = sqlx::query("show fsync").fetch_one(&pool).await.expect("Postgres answers").get(0);
            assert_eq!(fsync, "on", "Postgres would not be durable");
        });
    }

    /// An empty database.
    pub fn database(&self) -> Database {
        self.runtime.block_on(self.postgres.empty_database())
    }

    /// Asks a database something.
    pub fn ask<F: Future>(&self, database: &Database, question: impl FnOnce(PgPool) -> F) -> F::Output {
        self.runtime.block_on(async { question(database.pool().await).await })
    }

    /// The process that all of Postgres hangs on.
    pub fn postmaster(&self, database: &Database) -> u32 {
        self.ask(database, |pool| async move {
            let row = sqlx::query("select pg_backend_pid()").fetch_one(&pool).await.expect("Postgres answers");
            let status = std::fs::read_to_string(format!("/proc/{}/status", row.get::<i32, _>(0))).expect("a backend");
            let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).expect("a parent");
            parent.trim().parse().expect("a number")
        })
    }

    /// Meetbox on the server's core, with `database` migrated and everything answering.
    pub fn meetbox(&self, database: &Database) -> Server {
        self.meetbox_with(database, &[])
    }

    /// The same with settings that are added to the usual ones, or stand in their place.
    pub fn meetbox_with(&self, database: &Database, settings: &[(&str, &str)]) -> Server {
        let port = free_port();
        let mut command = self.command(database, port, &self.redis.url());
        command.envs(settings.iter().copied());
        let server = Server::start(command, port);
        server.wait_for("/readyz");
        server
    }

    /// The same, a moment after it was started.
    pub fn meetbox_not_waited_for(&self, database: &Database, port: u16, redis_url: &str) -> Server {
        Server::start(self.command(database, port, redis_url), port)
    }

    fn command(&self, database: &Database, port: u16, redis_url: &str) -> Command {
        let mut command = pinned(Path::new(env!("CARGO_BIN_EXE_meetbox")));
        command
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("APP_ENV", "local")
            .env("PORT", port.to_string())
            .env("DATABASE_URL", database.url())
            .env("REDIS_URL", redis_url)
            .env("LIVEKIT_URL", self.livekit.url())
            .env("LIVEKIT_API_KEY", API_KEY)
            .env("LIVEKIT_API_SECRET", API_SECRET)
            // They count as ever, and let everything through that one machine can ask for.
            .env("RATE_LIMIT_SIGN_IN", "10000000")
            .env("RATE_LIMIT_TOKENS", "10000000")
            .env("RATE_LIMIT_WRITES", "10000000")
            .env("RATE_LIMIT_READS", "10000000")
            // Otherwise a developer's .env would be read.
            .current_dir("/");
        command
    }
}

/// A server on its own core; it ends with this value.
pub struct Server {
    pub port: u16,
    process: Child,
}

impl Server {
    /// The bare hyper server.
    pub fn hello() -> Self {
        let port = free_port();
        let mut command = pinned(&std::env::current_exe().expect("this program"));
        command.args(["hello", &port.to_string()]);
        let server = Self::start(command, port);
        server.wait_for("/");
        server
    }

    /// Express with LiveKit's SDK for Node; it knows the same session.
    pub fn express() -> Self {
        let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/express"));
        if !folder.join("node_modules").exists() {
            let done = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).status();
            assert!(done.expect("`npm` runs").success(), "npm ci failed in benches/express");
        }
        let port = free_port();
        let mut command = pinned(Path::new("node"));
        command.arg("server.mjs").arg(port.to_string()).env("NODE_ENV", "production").current_dir(&folder);
        command.env("LIVEKIT_API_KEY", API_KEY).env("LIVEKIT_API_SECRET", API_SECRET);
        command.env("SESSION", people::session().expose());
        let server = Self::start(command, port);
        server.wait_for("/health");
        server
    }

    fn start(mut command: Command, port: u16) -> Self {
        // What it logs is written to a file, as it would be in production.
        let log = std::env::temp_dir().join(format!("meetbox-bench-{port}.log"));
        let log = std::fs::File::create(log).expect("the temporary folder can be written to");
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("a file can be shared")).stdout(log);
        Self { port, process: command.spawn().expect("the server can be started") }
    }

    /// `taskset` becomes what it starts, so this is the server itself.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Waits until `path` is answered with a 2xx.
    pub fn wait_for(&self, path: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !answers(self.port, path) {
            assert!(Instant::now() < deadline, "{} does not answer; see {}", self.url(path), self.log().display());
            std::thread::sleep(Duration::from_micros(300));
        }
    }

    fn log(&self) -> PathBuf {
        std::env::temp_dir().join(format!("meetbox-bench-{}.log", self.port))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(self.log());
    }
}

fn pinned(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &machine::SERVER_CORE.to_string()]).arg(program);
    command
}

/// Whether `path` is answered with a 2xx right now.
fn answers(port: u16, path: &str) -> bool {
    use std::io::{Read, Write};

    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let asked = write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let mut answer = [0; 12];
    asked.is_ok() && stream.read_exact(&mut answer).is_ok() && answer.starts_with(b"HTTP/1.1 2")
}
