//! A real S3-compatible store: versitygw, a gateway to a folder.

use std::path::PathBuf;

use tempfile::TempDir;

use super::{
    ports::free_port,
    process::{Guarded, Program, find_program, folder_for},
};

pub const ACCESS_KEY: &str = "meetbox-tests";
pub const SECRET_KEY: &str = "meetbox-tests-secret";
pub const BUCKET: &str = "recordings";
pub const REGION: &str = "us-east-1";

/// A store with one empty bucket, which ends with the test process.
pub struct S3 {
    pub port: u16,
    /// Under which host each bucket has a host of its own.
    domain: Option<&'static str>,
    process: Guarded,
    folder: TempDir,
}

impl S3 {
    /// Starts one on a free port.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// Starts one that also knows its buckets by host: `BUCKET.domain`.
    pub fn start_under(domain: &'static str) -> Self {
        Self::start_with(Some(domain))
    }

    fn start_with(domain: Option<&'static str>) -> Self {
        let folder = folder_for(None);
        // The gateway's buckets are the folders in its folder.
        std::fs::create_dir_all(folder.path().join("data").join(BUCKET)).expect("the folder can be written to");
        let port = free_port();
        let process = launch(port, domain, &folder);
        process.wait_for_port(port);
        Self { port, domain, process, folder }
    }

    /// The address, as `S3_ENDPOINT` has it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The folder of a bucket; a bucket is there when its folder is.
    pub fn bucket(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    /// Ends it.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again where it was.
    pub fn start_again(&mut self) {
        self.process = launch(self.port, self.domain, &self.folder);
        self.process.wait_for_port(self.port);
    }
}

fn launch(port: u16, domain: Option<&str>, folder: &TempDir) -> Guarded {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".meetbox/bin");
    let binary = find_program("versitygw", &[here]).expect("`versitygw` is missing: `make test` installs it");
    let data = folder.path().join("data").display().to_string();
    let mut arguments = ["--port", &format!("127.0.0.1:{port}")].map(str::to_owned).to_vec();
    arguments.extend(domain.map(|domain| format!("--virtual-domain={domain}")));
    arguments.extend(["posix", &data].map(str::to_owned));
    let environment =
        [("ROOT_ACCESS_KEY", ACCESS_KEY), ("ROOT_SECRET_KEY", SECRET_KEY)].map(|(n, v)| (n.to_owned(), v.to_owned()));
    let program =
        Program { binary: &binary, arguments, environment: environment.to_vec(), run_as: None, end_signal: "KILL" };
    // The folder outlives the program, which may be started again in it.
    Guarded::start(&program, folder.path(), false)
}
