//! A real livekit-server.

use std::{
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    ports::free_port,
    process::{Guarded, Program, find_program, folder_for},
};

pub const API_KEY: &str = "devkey";
pub const API_SECRET: &str = "devsecretdevsecretdevsecretdevsecret";

/// What a test decides about its LiveKit.
#[derive(Clone)]
pub struct LiveKitConfig {
    /// The port of the Redis that keeps its rooms.
    pub redis_port: u16,
    /// Where its webhooks go; the path is `/livekit/webhook`.
    pub webhook_port: u16,
    /// Seconds until an empty room ends, after nobody came or the last one left.
    pub empty_timeout: u32,
}

/// A livekit-server on loopback that ends with the test process.
pub struct LiveKit {
    pub port: u16,
    config: LiveKitConfig,
    tcp_port: u16,
    udp_port: u16,
    process: Guarded,
    folder: TempDir,
}

impl LiveKit {
    /// Starts one on free ports.
    pub fn start(config: LiveKitConfig) -> Self {
        let (port, tcp_port, udp_port) = (free_port(), free_port(), free_port());
        let folder = folder_for(None);
        let process = launch(&yaml(&config, port, tcp_port, udp_port), folder.path());
        process.wait_for_port(port);
        Self { port, config, tcp_port, udp_port, process, folder }
    }

    /// The address, as `LIVEKIT_URL` has it.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again on the same ports, after it has ended.
    pub fn start_again(&mut self) {
        let yaml = yaml(&self.config, self.port, self.tcp_port, self.udp_port);
        self.process = launch(&yaml, self.folder.path());
        self.process.wait_for_port(self.port);
    }

    /// Whether somebody listens where it should.
    pub fn is_serving(&self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
    }

    /// What it printed so far.
    pub fn printed(&self) -> String {
        self.process.printed()
    }
}

fn launch(yaml: &str, folder: &Path) -> Guarded {
    let config = folder.join("livekit.yaml");
    std::fs::write(&config, yaml).expect("the folder can be written to");
    let arguments = vec!["--config".to_owned(), config.display().to_string()];
    let binary = find_livekit();
    let program = Program { binary: &binary, arguments, environment: vec![], run_as: None, end_signal: "KILL" };
    // The folder outlives a restart, so it is not the watchdog's to remove.
    Guarded::start(&program, folder, false)
}

/// Loopback needs its own candidate; LiveKit would leave it out.
fn yaml(config: &LiveKitConfig, port: u16, tcp_port: u16, udp_port: u16) -> String {
    let LiveKitConfig { redis_port, webhook_port, empty_timeout } = config;
    format!(
        "port: {port}
bind_addresses: ['127.0.0.1']
redis: {{ address: '127.0.0.1:{redis_port}' }}
rtc:
  tcp_port: {tcp_port}
  udp_port: {udp_port}
  use_external_ip: false
  node_ip: 127.0.0.1
  enable_loopback_candidate: true
keys: {{ {API_KEY}: {API_SECRET} }}
webhook:
  api_key: {API_KEY}
  urls: ['http://127.0.0.1:{webhook_port}/livekit/webhook']
room:
  auto_create: true
  empty_timeout: {empty_timeout}
  departure_timeout: {empty_timeout}
logging: {{ level: info }}
"
    )
}

fn find_livekit() -> PathBuf {
    let built_here = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.meetbox/bin"));
    find_program("livekit-server", &[built_here]).unwrap_or_else(|| {
        panic!(
            "`livekit-server` is neither on the PATH nor in .meetbox/bin: `make test` installs it, or run\n\
             GOBIN=$PWD/.meetbox/bin go install github.com/livekit/livekit-server/cmd/server@v1.13.5 \
             && mv .meetbox/bin/server .meetbox/bin/livekit-server"
        )
    })
}
