//! A Redis of our own, which keeps its data across runs as the one in production does.

use std::{ffi::OsString, path::Path, time::Duration};

use super::{
    environment::Environment,
    folder::Folder,
    keep::StopSignal,
    kept::Program,
    ports::Port,
    probe::Probe,
    service::{FirstStart, Health, Service, Voice},
};
use crate::cli::Failure;

const NAME: &str = "redis";
const INSTALL: &str = "`packaging/dev-prerequisites.sh` installs it, or set REDIS_URL to one that runs";

/// Where it answers.
pub fn url(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}

/// Tells how to run it.
pub fn service(folder: &Folder, port: u16, environment: &Environment) -> Result<Service, Failure> {
    let program = environment.find_program("redis-server");
    let program = program.ok_or_else(|| Failure::input("there is no redis-server on this machine").hint(INSTALL))?;
    let data = folder.data(NAME).map_err(|err| Failure::input("cannot make a folder for Redis").because(&err))?;
    let probe = Probe::RedisAnswers { host: "127.0.0.1".to_owned(), port };

    Ok(Service {
        name: NAME,
        program: Program {
            command: command(&program, port),
            directory: data,
            variables: Vec::new(),
            user: None,
            stop: StopSignal::Term,
            grace: Duration::from_secs(5),
            mark: folder.mark(NAME),
        },
        ports: vec![Port::tcp(port)],
        place: format!("127.0.0.1:{port}"),
        ready: vec![probe.clone()],
        well: Health { probe, every: Duration::from_secs(1), patience: Duration::from_secs(1), strikes: 3 },
        start_timeout: Duration::from_secs(30),
        voice: Voice::Log,
        first_start: FirstStart::MustSucceed,
    })
}

fn command(program: &Path, port: u16) -> Vec<OsString> {
    let port = port.to_string();
    let arguments = ["--bind", "127.0.0.1", "--port", &port, "--dir", ".", "--appendonly", "yes", "--daemonize", "no"];
    std::iter::once(program.into()).chain(arguments.into_iter().map(Into::into)).collect()
}
