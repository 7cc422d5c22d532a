//! How the stand-in is run and watched.

use std::{net::TcpListener, path::Path, time::Duration};

use super::super::{
    folder::Folder,
    keep::StopSignal,
    kept::Program,
    ports::Port,
    probe::Probe,
    service::{FirstStart, Health, Service, Voice},
};
use crate::cli::Failure;

const NAME: &str = "recorder";

/// Where the stand-in stands.
pub struct Place {
    pub port: u16,
}

impl Place {
    /// On a port that is free now.
    pub fn find() -> Result<Self, Failure> {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let free =
            free.map_err(|err| Failure::ours("there is no free port for the stand-in recorder").because(&err))?;
        Ok(Self { port: free.port() })
    }

    /// Where our server calls what it takes for LiveKit.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }
}

/// Tells how to run it. `variables` are those of our server, but with the real LiveKit.
pub fn service(folder: &Folder, root: &Path, place: &Place, variables: Vec<(&'static str, Option<String>)>) -> Service {
    let probe = Probe::Listens { host: "127.0.0.1".to_owned(), port: place.port };
    Service {
        name: NAME,
        program: Program {
            command: vec![
                // Not what is built from the sources here: it need not be there yet.
                std::env::current_exe().unwrap_or_else(|_| folder.program("meetbox")).into(),
                "record-in-name".into(),
                "--port".into(),
                place.port.to_string().into(),
            ],
            directory: root.to_owned(),
            variables,
            user: None,
            stop: StopSignal::Term,
            grace: Duration::from_secs(3),
            mark: folder.mark(NAME),
        },
        ports: vec![Port::tcp(place.port)],
        place: format!("{} (a stand-in: nothing is recorded)", place.url()),
        ready: vec![probe.clone()],
        well: Health { probe, every: Duration::from_secs(1), patience: Duration::from_secs(2), strikes: 3 },
        start_timeout: Duration::from_secs(15),
        voice: Voice::Log,
        first_start: FirstStart::MustSucceed,
    }
}
