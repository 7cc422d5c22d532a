//! A LiveKit of our own, on loopback: the configuration is the one we ship, filled in for this machine alone.

use std::{path::PathBuf, time::Duration};

use url::Url;

use super::{
    environment::Environment,
    folder::Folder,
    keep::StopSignal,
    kept::Program,
    ports::Port,
    probe::Probe,
    service::{FirstStart, Health, Service, Voice},
};
use crate::{
    assets::templates,
    cli::{Failure, files},
};

const NAME: &str = "livekit";
const PROGRAM: &str = "livekit-server";
/// Its own variables would win over the file.
const ITS_VARIABLES: [&str; 8] = [
    "LIVEKIT_CONFIG",
    "LIVEKIT_KEYS",
    "LIVEKIT_REGION",
    "NODE_IP",
    "UDP_PORT",
    "REDIS_HOST",
    "REDIS_PASSWORD",
    "LIVEKIT_TURN_CERT",
];

/// What LiveKit is told about the others.
pub struct Neighbours<'a> {
    pub redis_url: &'a str,
    pub api_key: &'a str,
    pub api_secret: &'a str,
    pub webhook_url: String,
}

/// Where clients and the API dial it.
pub fn url(port: u16) -> String {
    format!("ws://127.0.0.1:{port}")
}

/// Writes its configuration and tells how to run it. It listens on `port` and the two after it.
pub fn service(
    folder: &Folder,
    port: u16,
    environment: &Environment,
    neighbours: &Neighbours<'_>,
) -> Result<Service, Failure> {
    let program = find(folder, environment)?;
    let ports = Ports::from(port)?;
    let directory =
        folder.data(NAME).map_err(|err| Failure::input("cannot make a folder for LiveKit").because(&err))?;
    let config = directory.join("livekit.yaml");
    files::write_private(&config, &render(&ports, neighbours)?)
        .map_err(|err| Failure::input(format!("cannot write {}", config.display())).because(&err))?;

    let host = "127.0.0.1".to_owned();
    let probe = Probe::HttpOk { host, port, path: "/" };
    Ok(Service {
        name: NAME,
        program: Program {
            command: vec![program.into(), "--config".into(), config.into()],
            directory,
            variables: ITS_VARIABLES.map(|name| (name, None)).to_vec(),
            user: None,
            stop: StopSignal::Term,
            grace: Duration::from_secs(6),
            mark: folder.mark(NAME),
        },
        ports: vec![Port::tcp(ports.http), Port::tcp(ports.tcp), Port::udp(ports.udp)],
        place: url(port),
        ready: vec![probe.clone()],
        well: Health { probe, every: Duration::from_secs(1), patience: Duration::from_secs(2), strikes: 4 },
        start_timeout: Duration::from_secs(30),
        voice: Voice::Log,
        first_start: FirstStart::MustSucceed,
    })
}

struct Ports {
    http: u16,
    tcp: u16,
    udp: u16,
}

impl Ports {
    fn from(port: u16) -> Result<Self, Failure> {
        match (port.checked_add(1), port.checked_add(2)) {
            (Some(tcp), Some(udp)) => Ok(Self { http: port, tcp, udp }),
            _ => Err(Failure::input(format!("LiveKit needs port {port} and the two after it, and there are none"))),
        }
    }
}

fn find(folder: &Folder, environment: &Environment) -> Result<PathBuf, Failure> {
    let ours = || Some(folder.program(PROGRAM)).filter(|path| path.exists());

    environment.find_program(PROGRAM).or_else(ours).ok_or_else(|| {
        Failure::input(format!("there is no {PROGRAM} on the PATH, nor in {}", folder.path("bin").display())).hint(
            "`packaging/dev-prerequisites.sh` builds it, or set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET \
             to use one that runs",
        )
    })
}

fn render(ports: &Ports, neighbours: &Neighbours<'_>) -> Result<String, Failure> {
    let redis = RedisPlace::parse(neighbours.redis_url)?;
    let values = templates::Values::new()
        .with("bind_addresses", ["127.0.0.1"])
        .with("port", ports.http)
        .with("redis_address", redis.address)
        .with("redis_username", redis.username)
        .with("redis_password", redis.password)
        .with("redis_db", redis.db)
        .with("rtc_tcp_port", ports.tcp)
        .with("rtc_udp_port", ports.udp)
        // Browsers on this machine meet it on loopback, which LiveKit leaves out unless told.
        .with("node_ip", "127.0.0.1")
        .with("enable_loopback_candidate", true)
        .with("use_external_ip", false)
        .with("advertise_internal_ip", false)
        .with("interfaces", ["lo"])
        // Nobody on loopback is kept from it.
        .with("turn_enabled", false)
        .with("turn_domain", "")
        .with("turn_udp_port", 0)
        .with("turn_peers", Vec::<String>::new())
        .with("api_key", neighbours.api_key)
        .with("api_secret", neighbours.api_secret)
        .with("webhook_url", neighbours.webhook_url.as_str())
        .with("log_level", "info")
        .with("log_json", false);

    templates::render(templates::LIVEKIT, &values)
        .map_err(|err| Failure::ours("cannot fill in assets/livekit.yaml").because(&err))
}

/// A Redis as livekit.yaml has it.
struct RedisPlace {
    address: String,
    username: String,
    password: String,
    db: u32,
}

impl RedisPlace {
    fn parse(url: &str) -> Result<Self, Failure> {
        let refused = || {
            Failure::input("LiveKit needs a Redis at an address like redis://127.0.0.1:6379/0, and REDIS_URL has none")
                .hint("leave REDIS_URL unset to have a Redis started here, or point LIVEKIT_URL at a LiveKit that runs")
        };
        let url = Url::parse(url).ok().filter(|url| url.scheme() == "redis").ok_or_else(refused)?;
        let host = url.host_str().ok_or_else(refused)?;
        let text = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();

        Ok(Self {
            address: format!("{host}:{}", url.port().unwrap_or(6379)),
            username: text(url.username()),
            password: text(url.password().unwrap_or_default()),
            db: match url.path().trim_start_matches('/') {
                "" => 0,
                db => db.parse().map_err(|_| refused())?,
            },
        })
    }
}
