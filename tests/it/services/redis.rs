//! A real Redis.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use rustix::process::Signal;
use tempfile::TempDir;

use super::{
    ports::free_port,
    process::{Guarded, Program, find_program, folder_for},
};

const DATABASES: u32 = 4096;

/// A Redis that keeps nothing on disk and ends with the test process.
pub struct Redis {
    pub port: u16,
    process: Guarded,
    _folder: TempDir,
}

impl Redis {
    /// Starts one on a free port.
    pub fn start() -> Self {
        Self::start_on(free_port())
    }

    /// Starts one on `port`, for instance where another one was.
    pub fn start_on(port: u16) -> Self {
        let folder = folder_for(None);
        let arguments = ["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        let mut arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
        arguments.extend(["--databases".to_owned(), DATABASES.to_string()]);
        arguments.extend(["--dir".to_owned(), folder.path().display().to_string()]);
        let binary = find_program("redis-server", &[]).expect("`redis-server` is missing: `make test` installs it");
        let program = Program { binary: &binary, arguments, environment: vec![], run_as: None, end_signal: "KILL" };

        let process = Guarded::start(&program, folder.path(), true);
        process.wait_for_port(port);
        Self { port, process, _folder: folder }
    }

    /// The address, as `REDIS_URL` has it.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Stops where it is: connections stay open, and nothing is answered.
    pub fn freeze(&self) {
        self.process.signal(Signal::STOP);
    }

    /// Goes on where it was frozen.
    pub fn thaw(&self) {
        self.process.signal(Signal::CONT);
    }

    /// Loses everything and stops, as a power cut would make it.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

/// The address of a numbered database, empty and for one test only, in the Redis that the tests share.
pub fn redis_url() -> String {
    static SHARED: OnceLock<Redis> = OnceLock::new();
    static NEXT: AtomicU32 = AtomicU32::new(0);

    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    assert!(number < DATABASES, "more tests than numbered databases");
    format!("{}/{number}", SHARED.get_or_init(Redis::start).url())
}
