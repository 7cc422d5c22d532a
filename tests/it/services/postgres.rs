//! A real Postgres, and a database of its own for every test.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use rustix::process::Signal;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, PgPool, postgres::PgConnectOptions};
use tempfile::TempDir;

use super::{
    ports::free_port,
    process::{Guarded, Program, Unprivileged, find_program, folder_for},
};

const SUPERUSER: &str = "meetbox";
const TEMPLATE: &str = "meetbox_template";
/// Whoever is a member of this role must show a password; everybody else is let in.
pub const WITH_PASSWORD: &str = "with_password";

/// A Postgres cluster that ends with the test process.
pub struct Postgres {
    pub port: u16,
    process: Guarded,
    next_database: AtomicU32,
    folder: TempDir,
}

/// A database inside a cluster, for one test.
#[derive(Clone)]
pub struct Database {
    pub name: String,
    pub port: u16,
}

/// The cluster that the tests share; each has its own database in it.
pub fn postgres() -> &'static Postgres {
    static SHARED: OnceLock<Postgres> = OnceLock::new();
    SHARED.get_or_init(|| {
        let postgres = Postgres::start();
        postgres.prepare_template();
        postgres
    })
}

impl Postgres {
    /// Makes a cluster in a temporary folder and starts it on a free port. Durability is off: it never sees a power cut.
    pub fn start() -> Self {
        Self::start_in(Folder::GoesWithIt)
    }

    /// The same for a test that stops it and starts it again.
    pub fn start_to_stop() -> Self {
        Self::start_in(Folder::Stays)
    }

    fn start_in(stays: Folder) -> Self {
        let run_as = Unprivileged::when_root();
        let folder = folder_for(run_as);
        init_cluster(&folder.path().join("data"), run_as);
        let port = free_port();
        let process = launch(folder.path(), port, stays);
        let postgres = Self { port, process, next_database: AtomicU32::new(0), folder };
        postgres.wait_until_it_answers();
        postgres
    }

    /// Stops it, with all connections, and starts it again with what it holds.
    pub fn restart(&mut self) {
        self.process.signal(Signal::INT);
        self.process.wait_for_end(Duration::from_secs(30));
        self.process = launch(self.folder.path(), self.port, Folder::Stays);
        self.wait_until_it_answers();
    }

    /// A new database with all migrations applied.
    pub async fn database(&self) -> Database {
        self.create(TEMPLATE).await
    }

    /// A new database with nothing in it.
    pub async fn empty_database(&self) -> Database {
        self.create("template0").await
    }

    async fn create(&self, template: &str) -> Database {
        let name = format!("test_{}", self.next_database.fetch_add(1, Ordering::Relaxed));
        let mut connection = self.connect("postgres").await.expect("the cluster answers");
        let create = sqlx::AssertSqlSafe(format!("create database {name} template {template}"));
        connection.execute(create).await.expect("a database can be made");
        connection.close().await.expect("the connection closes");
        Database { name, port: self.port }
    }

    async fn connect(&self, database: &str) -> sqlx::Result<PgConnection> {
        Database { name: database.to_owned(), port: self.port }.options().connect().await
    }

    /// The port is open a little before the server takes connections.
    fn wait_until_it_answers(&self) {
        block_on(|| async {
            for _ in 0..500 {
                if self.connect("postgres").await.is_ok() {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            panic!("Postgres does not answer; it printed:\n{}", self.process.printed());
        });
    }

    fn prepare_template(&self) {
        block_on(|| async {
            let mut connection = self.connect("postgres").await.expect("the cluster answers");
            let create = sqlx::AssertSqlSafe(format!("create database {TEMPLATE}"));
            connection.execute(create).await.expect("a database can be made");

            let create = sqlx::AssertSqlSafe(format!("create role {WITH_PASSWORD}"));
            connection.execute(create).await.expect("a role can be made");

            let mut template = self.connect(TEMPLATE).await.expect("the template answers");
            let migrations = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"));
            let migrator = sqlx::migrate::Migrator::new(migrations).await.expect("migrations can be read");
            migrator.run(&mut template).await.expect("all migrations apply");
            // A database somebody is connected to cannot be copied.
            template.close().await.expect("the connection closes");
        });
    }
}

impl Database {
    /// The address, as `DATABASE_URL` has it.
    pub fn url(&self) -> String {
        self.url_through(self.port)
    }

    /// The same database behind another loopback port, such as a proxy's.
    pub fn url_through(&self, port: u16) -> String {
        format!("postgres://{SUPERUSER}@127.0.0.1:{port}/{}", self.name)
    }

    /// A small pool straight to the database, for a test's own questions.
    pub async fn pool(&self) -> PgPool {
        sqlx::postgres::PgPoolOptions::new()
            .max_connections(4)
            .connect_with(self.options())
            .await
            .expect("the database answers")
    }

    fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new().host("127.0.0.1").port(self.port).username(SUPERUSER).database(&self.name)
    }
}

/// Whether a cluster's folder outlives its process.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Folder {
    GoesWithIt,
    Stays,
}

fn launch(folder: &Path, port: u16, stays: Folder) -> Guarded {
    let settings = ["max_connections=400", "listen_addresses=127.0.0.1", "unix_socket_directories="];
    let data = folder.join("data");
    let mut arguments = vec!["-D".to_owned(), data.display().to_string(), "-p".to_owned(), port.to_string()];
    arguments.extend(settings.iter().flat_map(|it| ["-c".to_owned(), (*it).to_owned()]));
    let (binary, run_as) = (find_postgres_program("postgres"), Unprivileged::when_root());
    // SIGQUIT: its children go with it, at once.
    let program = Program { binary: &binary, arguments, environment: vec![], run_as, end_signal: "QUIT" };

    let process = Guarded::start(&program, folder, stays == Folder::GoesWithIt);
    process.wait_for_port(port);
    process
}

fn init_cluster(data: &Path, run_as: Option<Unprivileged>) {
    let mut command = Command::new(find_postgres_program("initdb"));
    command
        .args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username", SUPERUSER, "--pgdata"])
        .arg(data)
        // initdb looks at its working directory, which the other account may not see.
        .current_dir("/");
    if let Some(somebody) = run_as {
        somebody.apply(&mut command);
    }
    let output = command.output().expect("initdb can be started");
    assert!(output.status.success(), "initdb failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let rules = format!("host all +{WITH_PASSWORD} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n");
    std::fs::write(data.join("pg_hba.conf"), rules).expect("the cluster's folder can be written to");

    // In the file rather than on the command line, so that a benchmark can switch durability on again.
    let mut file = std::fs::File::options().append(true).open(data.join("postgresql.conf")).expect("initdb wrote it");
    file.write_all(b"fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n").expect("it can be added to");
}

/// Debian keeps the server's programs off the `PATH`, in a folder for each version.
pub fn find_postgres_program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    versions.reverse();
    find_program(name, &versions).unwrap_or_else(|| panic!("`{name}` is missing: `make test` installs Postgres"))
}

/// Runs `work` to its end on a thread of its own, for callers that may stand inside a runtime.
fn block_on<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(work());
        });
    });
}
