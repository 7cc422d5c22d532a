//! Recordings: whether a recorder listens and has room, and whether storage takes, gives and forgets.

use std::{os::unix::fs::MetadataExt as _, path::PathBuf, process::Stdio, time::Duration};

use rustix::process::getuid;
use tokio::process::Command;

use super::{
    Visit,
    report::Finding,
    services::{self, DATABASE_PATIENCE},
};
use crate::{
    app::recordings::slots_in_all,
    assets::yaml,
    cli::{Failure, print, runtime},
    clock::Clock,
    config::{Environment, FolderSettings, StorageSettings},
    db,
    storage::Storage,
};

/// The channels to which a recorder listens for orders. LiveKit itself listens to others of that service, for answers.
// Source: psrpc 0.7.2, pkg/info/channels.go, GetRPCChannel; protocol 1.50, rpc/egress.proto.
const ORDERS: &str = "EgressInternal|StartEgress|*REQ";
/// What the recorder says of itself: whether it could take one more.
// Source: egress 1.14, pkg/stats/monitor_prom.go.
const TAKES_ONE_MORE: &str = "livekit_egress_can_accept_request";
/// How long the recorder's figures may take.
const METRICS_PATIENCE: Duration = Duration::from_secs(3);
/// How long storage may take to write, read and delete.
const STORAGE_PATIENCE: Duration = Duration::from_secs(12);

/// By this path it is found whoever runs it, even where its folder is shut to them.
const THIS_PROGRAM: &str = "/proc/self/exe";

const RESTART: &str = "docker compose --project-directory /etc/meetbox restart egress";
const LOGS: &str = "docker compose --project-directory /etc/meetbox logs --tail 50 egress";

/// Why the recorder's own figures are not known.
enum NoFigures {
    /// It was not told to give any, by a file of another making than `meetbox setup`.
    NotAsked(&'static str),
    /// It was, and they do not come, or say nothing.
    NotGiven(String),
}

/// Whether a recorder listens, and could take a recording.
pub async fn egress(visit: &Visit) -> Result<Finding, Finding> {
    let settings = visit.settings()?;
    let cache = services::cache(visit)?;
    let listening = match services::ask_redis(|| cache.channels(ORDERS)).await {
        Ok(channels) if channels.is_empty() => {
            Finding::failed("no recorder listens in Redis: nothing can be recorded", RESTART).or(LOGS)
        }
        Ok(_) => Finding::ok(""),
        Err(err) => Finding::unknown(format!("whether a recorder listens is not known: {err}")),
    };
    let all = slots_in_all(&settings.recordings);
    let running = running(visit).await;
    let slots = match &running {
        Ok(running) if *running >= i64::from(all) => Finding::warning(
            format!("all {all} slots are in use: the next recording is refused"),
            "stop one, or raise RECORDING_SLOTS and give the recorder the cores for it; then meetbox setup",
        ),
        Ok(_) => Finding::ok(""),
        Err(err) => Finding::unknown(format!("how many of {all} slots are in use is not known: {err}")),
    };
    let counted = running.as_ref().map_or(String::new(), |running| format!("{running} of {all} slots in use"));
    let (takes, figures) = match takes_one_more(visit).await {
        Ok(true) => (Finding::ok(""), "it takes one more"),
        Ok(false) if running == Ok(0) => (
            Finding::failed("nothing is recorded, and the recorder says that it could take nothing", RESTART)
                .or("its cpu_cost must fit the machine: meetbox setup"),
            "",
        ),
        Ok(false) => (Finding::ok(""), "it takes no more now"),
        // What our own database counts is not what the recorder has free.
        Err(NoFigures::NotAsked(why)) => {
            let known = if counted.is_empty() { counted.clone() } else { format!("{counted} by our database; ") };
            (Finding::unknown(format!("{known}what the recorder itself could take is not known {why}")), "")
        }
        Err(NoFigures::NotGiven(why)) => (Finding::warning(why, RESTART).or(LOGS), ""),
    };
    Ok(Finding::of(vec![listening, slots, takes], format!("listens; {counted}; {figures}")))
}

async fn running(visit: &Visit) -> Result<i64, String> {
    let settings = visit.settings().map_err(|finding| finding.said().to_owned())?;
    let mut connection =
        db::connect_once(&settings.database, DATABASE_PATIENCE).await.map_err(|err| err.to_string())?;
    db::recording_lists::count_running(&mut connection).await.map_err(|err| crate::telemetry::chain(&err))
}

/// What the recorder's own figures say.
async fn takes_one_more(visit: &Visit) -> Result<bool, NoFigures> {
    let egress = visit.egress.as_deref().ok_or(NoFigures::NotAsked("since egress.yaml cannot be read"))?;
    let port = yaml::value(egress, "prometheus_port").filter(|port| *port != "0");
    let port = port.ok_or(NoFigures::NotAsked("without a prometheus_port in egress.yaml"))?;
    let text = async {
        let client = crate::app::local_client()?;
        let url = format!("http://127.0.0.1:{port}/metrics");
        client.get(url).timeout(METRICS_PATIENCE).send().await?.text().await
    };
    let text = text.await.map_err(|err: reqwest::Error| {
        let why = crate::telemetry::chain(&err.without_url());
        NoFigures::NotGiven(format!("its prometheus_port {port} does not answer ({why})"))
    })?;
    let line = text.lines().find(|line| line.starts_with(TAKES_ONE_MORE));
    let value = line.and_then(|line| line.rsplit(' ').next()).and_then(|value| value.parse::<f64>().ok());
    let garbled =
        || NoFigures::NotGiven(format!("its figures at prometheus_port {port} do not say what it could take"));
    value.map(|value| value > 0.0).ok_or_else(garbled)
}

/// Whether a small object can be written, read and deleted.
pub async fn storage(visit: &Visit) -> Result<Finding, Finding> {
    let settings = visit.settings()?;
    let fix = "look at S3_ENDPOINT, S3_BUCKET, S3_REGION and the keys in /etc/meetbox/meetbox.env; then meetbox setup, systemctl restart meetbox";
    match &settings.storage {
        StorageSettings::None => Ok(Finding::warning(
            "none is set up: nothing can be recorded",
            "set STORAGE_DIR, or S3_ENDPOINT and its siblings, in /etc/meetbox/meetbox.env; then meetbox setup",
        )),
        StorageSettings::Folder(folder) => Ok(prove_as_its_owner(visit, folder).await),
        StorageSettings::S3(s3) => {
            let storage = crate::app::storage(settings, visit.clock.clone());
            let storage = storage.map_err(|err| Finding::failed(err.to_string(), fix))?;
            Ok(match tokio::time::timeout(STORAGE_PATIENCE, storage.prove()).await {
                Ok(Ok(())) => {
                    Finding::ok(format!("an object was written, read and deleted in {} at {}", s3.bucket, s3.endpoint))
                }
                Ok(Err(err)) => Finding::failed(crate::telemetry::chain(&err), fix),
                Err(_) => Finding::failed(format!("no answer within {STORAGE_PATIENCE:?}"), fix),
            })
        }
    }
}

/// Tries a folder as whoever it belongs to: what root could do says nothing of Meetbox, and what root leaves behind would
/// stand in its way.
async fn prove_as_its_owner(visit: &Visit, folder: &FolderSettings) -> Finding {
    let path = visit.machine.path(&folder.dir);
    let fix = "systemd-tmpfiles --create /etc/tmpfiles.d/meetbox.conf";
    let shown = folder.dir.display();
    let owner = match visit.machine.metadata(&folder.dir).await {
        Ok(found) if found.is_dir() => found,
        Ok(_) => return Finding::failed(format!("STORAGE_DIR {shown} is no folder"), fix),
        Err(err) => return Finding::failed(format!("STORAGE_DIR {shown}: {err}"), fix),
    };
    let mut command = Command::new(THIS_PROGRAM);
    command.arg("prove-folder").arg(&path).stdin(Stdio::null()).kill_on_drop(true);
    if getuid().is_root() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    match tokio::time::timeout(STORAGE_PATIENCE, command.output()).await {
        Err(_) => {
            Finding::failed(format!("{shown} does not answer within {STORAGE_PATIENCE:?}"), format!("df {shown}"))
        }
        Ok(Err(err)) => Finding::unknown(format!("cannot try {shown} as user {}: {err}", owner.uid())),
        Ok(Ok(output)) if output.status.success() => {
            Finding::ok(format!("an object was written, read and deleted in {shown}"))
        }
        Ok(Ok(output)) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().next().unwrap_or_default().trim_start_matches("error: ");
            Finding::failed(format!("{shown}, as user {}: {said}", owner.uid()), fix)
        }
    }
}

/// Arguments of `meetbox prove-folder`.
#[derive(clap::Args)]
pub struct ProveFolder {
    folder: PathBuf,
}

/// Writes, reads and deletes a small object in a folder, as whoever runs it.
pub fn prove_folder(args: ProveFolder) -> Result<(), Failure> {
    let settings = StorageSettings::Folder(FolderSettings { dir: args.folder.clone(), recorder_dir: args.folder });
    let http =
        crate::app::local_client().map_err(|err| Failure::ours("cannot set up the HTTP client").because(&err))?;
    let storage = Storage::new(http, &settings, Environment::Production, Clock::System);
    let storage = storage.map_err(|err| Failure::ours("cannot use the folder").because(&err))?;
    runtime()?.block_on(storage.prove()).map_err(|err| Failure::ours("storage does not work").because(&err))?;
    print("ok\n")
}
