//! `meetbox egress-config`: the configuration of LiveKit's recorder, made of our settings.

use std::{
    fs,
    path::{Path, PathBuf},
    thread::available_parallelism,
};

use secrecy::ExposeSecret;
use url::Url;

use super::{Failure, files, print};
use crate::{
    assets::{
        egress::{Capacity, Egress, Redis, S3, Store},
        egress_keys,
    },
    config::Settings,
};

/// What stands in place of a secret that is not shown.
const HIDDEN: &str = "<hidden>";

/// Arguments of `meetbox egress-config`.
#[derive(clap::Args)]
pub struct Args {
    /// Write it into this file, which only its owner may read, with the secrets in it
    #[arg(long, value_name = "FILE", conflicts_with = "secrets")]
    out: Option<PathBuf>,
    /// Show the secrets
    #[arg(long)]
    secrets: bool,
    /// Look only whether egress would understand every key of this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "secrets"])]
    check: Option<PathBuf>,
    /// How many recordings are taken at a time; usually RECORDING_SLOTS, or else one for every four cores
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000))]
    slots: Option<u16>,
    /// The cores of the machine that records; usually this one's
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=10000))]
    cores: Option<u16>,
    /// The folder, on that machine, for files that could not be uploaded
    #[arg(long, value_name = "FOLDER", default_value = "/rescue")]
    backup: String,
    /// The port on which egress tells that it lives
    #[arg(long, default_value = "9090", value_parser = clap::value_parser!(u16).range(1..))]
    health_port: u16,
    /// The port on which egress tells Prometheus, and `meetbox doctor`, how busy it is; usually none
    #[arg(long, default_value = "0", hide_default_value = true)]
    metrics_port: u16,
}

/// Prints the file, writes it, or checks another.
pub fn run(args: Args) -> Result<(), Failure> {
    if let Some(path) = &args.check {
        return check(path);
    }
    let settings = Settings::from_process()?.settings;
    let capacity = capacity(&settings, args.cores, args.slots);
    let mut egress = egress(&settings, capacity, &args.backup, [args.health_port, args.metrics_port])?;
    if args.out.is_none() && !args.secrets {
        hide(&mut egress);
    }
    let text = egress.render().map_err(|err| Failure::ours("cannot fill in assets/egress.yaml").because(&err))?;
    match &args.out {
        None => print(&text),
        Some(path) => files::write_private(path, &text)
            .map_err(|err| Failure::input(format!("cannot write {}", path.display())).because(&err)),
    }
}

fn check(path: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(path)
        .map_err(|err| Failure::input(format!("cannot read {}", path.display())).because(&err))?;
    let Err(problems) = egress_keys::check(&text) else {
        return print("egress knows every key of it\n");
    };
    let told: String = problems.iter().map(|problem| format!("{}:{problem}\n", path.display())).collect();
    print(&told)?;
    Err(Failure::input(format!("egress would not understand {}", path.display()))
        .hint("egress passes over keys that it does not know in silence; correct them or take them out"))
}

/// How much the machine that records takes on.
pub(super) fn capacity(settings: &Settings, cores: Option<u16>, slots: Option<u16>) -> Capacity {
    let cores = cores.or_else(|| available_parallelism().ok().and_then(|cores| u16::try_from(cores.get()).ok()));
    let capacity = Capacity::of(cores.unwrap_or(1));
    let set = settings.recordings.slots.and_then(|slots| u16::try_from(slots).ok());
    Capacity { slots: slots.or(set).unwrap_or(capacity.slots), ..capacity }
}

/// Everything that the file says; the backup folder as the recorder sees it.
pub(super) fn egress(
    settings: &Settings,
    capacity: Capacity,
    backup_folder: &str,
    [health_port, metrics_port]: [u16; 2],
) -> Result<Egress, Failure> {
    let mut livekit_url = settings.livekit.api_url.clone();
    let scheme = if livekit_url.scheme() == "https" { "wss" } else { "ws" };
    let changed = livekit_url.set_scheme(scheme);
    changed.map_err(|()| Failure::input("LIVEKIT_URL is no address that a browser could dial"))?;

    Ok(Egress {
        livekit_url: livekit_url.to_string().trim_end_matches('/').to_owned(),
        api_key: settings.livekit.api_key.clone(),
        api_secret: settings.livekit.api_secret.expose_secret().to_owned(),
        redis: redis(settings.redis.url.expose_secret())?,
        store: store(settings),
        backup_folder: backup_folder.to_owned(),
        capacity,
        health_port,
        metrics_port,
        log_level: "info".to_owned(),
        log_json: true,
    })
}

/// The Redis of an address, as LiveKit and its recorder name it.
pub(super) fn redis(url: &str) -> Result<Redis, Failure> {
    let refused = || Failure::input("REDIS_URL has no host or no database by number, which egress needs");
    let url = Url::parse(url).map_err(|_| refused())?;
    let text = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    Ok(Redis {
        address: format!("{}:{}", url.host_str().ok_or_else(refused)?, url.port().unwrap_or(6379)),
        username: text(url.username()),
        password: text(url.password().unwrap_or_default()),
        db: match url.path().trim_start_matches('/') {
            "" => 0,
            db => db.parse().map_err(|_| refused())?,
        },
        tls: url.scheme() == "rediss",
    })
}

fn store(settings: &Settings) -> Store {
    let Some(s3) = settings.storage.s3() else { return Store::Folder };
    Store::S3(S3 {
        access_key: s3.access_key.clone(),
        secret: s3.secret_key.expose_secret().to_owned(),
        region: s3.region.clone(),
        endpoint: s3.endpoint.to_string().trim_end_matches('/').to_owned(),
        bucket: s3.bucket.clone(),
        force_path_style: s3.force_path_style,
    })
}

fn hide(egress: &mut Egress) {
    HIDDEN.clone_into(&mut egress.api_secret);
    if !egress.redis.password.is_empty() {
        HIDDEN.clone_into(&mut egress.redis.password);
    }
    if let Store::S3(s3) = &mut egress.store {
        HIDDEN.clone_into(&mut s3.secret);
    }
}
