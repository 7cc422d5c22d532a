//! Backups: that something makes them every day, that the last one went well, and how old the newest is.

use std::{io, path::Path};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Machine, Visit,
    machine::DISK_PATIENCE,
    report::Finding,
    round_trip::age,
    system::{self, Properties},
};
use crate::{
    assets::appliance::{BACKUP, BACKUP_TIMER},
    cli::archive::{manifest, shelf::Name},
};

/// What is asked of the timer, and of what it starts.
const TIMER_PROPERTIES: &str = "--property=LoadState,ActiveState,NextElapseUSecRealtime";
const SERVICE_PROPERTIES: &str = "--property=ActiveState,Result,ExecMainStatus,ExecMainExitTimestamp";
/// One is made every day; by then two are missing, or one took longer than anybody waits.
const OLD: TimeDelta = TimeDelta::hours(48);

const STATUS: &str = "systemctl status meetbox-backup";
const NOW: &str = "sudo meetbox backup";

/// Whether there are backups to go back to.
pub async fn look(visit: &Visit) -> Result<Finding, Finding> {
    let (timer, service) = tokio::join!(
        system::show(&visit.machine, BACKUP_TIMER, TIMER_PROPERTIES),
        system::show(&visit.machine, BACKUP, SERVICE_PROPERTIES),
    );
    let (timer, service) = (timer?, service?);
    let (newest, told) = match newest(visit, &timer, &service).await {
        Ok(told) => (Finding::ok(""), told),
        Err(finding) => (finding, String::new()),
    };
    Ok(Finding::of(vec![starts(&timer), last(&service), newest], told))
}

/// Whether they are made by themselves.
fn starts(timer: &Properties) -> Finding {
    let enable = format!("systemctl enable --now {BACKUP_TIMER}");
    match (timer.is("LoadState"), timer.is("ActiveState")) {
        ("loaded", "active") => Finding::ok(""),
        ("loaded", state) => Finding::warning(format!("none is made by itself: {BACKUP_TIMER} is {state}"), enable),
        (state, _) => Finding::failed(
            format!("none is made by itself: {BACKUP_TIMER} is not installed ({state})"),
            "meetbox setup writes the units; then systemctl daemon-reload",
        )
        .or(enable),
    }
}

/// How the last one ended. systemd forgets it when the machine starts; the age of the newest then still tells.
fn last(service: &Properties) -> Finding {
    match service.is("Result") {
        "" | "success" => Finding::ok(""),
        result => {
            let (when, code) = (service.is("ExecMainExitTimestamp"), service.is("ExecMainStatus"));
            Finding::failed(format!("the last one failed, {when} ({result}, exit code {code})"), STATUS).or(NOW)
        }
    }
}

/// What is known of the newest one. In the object store they are not looked for: their listing may be long.
async fn newest(visit: &Visit, timer: &Properties, service: &Properties) -> Result<String, Finding> {
    let all = visit.settings()?;
    let settings = &all.backup;
    if settings.to_bucket {
        return Ok("made every day, into the object store; the last one did not fail".to_owned());
    }
    let dir = settings.dir.display();
    let found = match in_folder(&visit.machine, &settings.dir, &manifest::domain(all)).await {
        Ok(found) => found,
        Err(err) if err.kind() == io::ErrorKind::PermissionDenied => {
            return Err(Finding::unknown(format!("only root may look into {dir}: use sudo")));
        }
        Err(err) => return Err(Finding::unknown(format!("{dir} cannot be looked into: {err}"))),
    };
    let Some(taken_at) = found else {
        let when = service.is("ExecMainExitTimestamp");
        if when.is_empty() || service.is("ActiveState") == "activating" {
            return Ok(format!("the first one is still to come, {}", timer.is("NextElapseUSecRealtime")));
        }
        return Err(Finding::warning(format!("{dir} has none, though one was made, {when}"), STATUS).or(NOW));
    };
    let age_of_it = visit.clock.now() - taken_at;
    let told = format!("the newest in {dir} is {} old", age(age_of_it));
    if age_of_it > OLD { Err(Finding::warning(told, STATUS).or(NOW)) } else { Ok(told) }
}

/// When the newest of this house in a folder was taken, as its name has it; a folder that is not there yet has none.
async fn in_folder(machine: &Machine, dir: &Path, domain: &str) -> io::Result<Option<DateTime<Utc>>> {
    let read = async {
        let mut newest: Option<DateTime<Utc>> = None;
        let mut entries = tokio::fs::read_dir(machine.path(dir)).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry.file_name().to_str().and_then(Name::parse);
            newest = newest.max(name.filter(|name| name.domain == domain).map(|name| name.taken_at));
        }
        io::Result::Ok(newest)
    };
    match tokio::time::timeout(DISK_PATIENCE, read).await {
        Ok(Err(err)) if err.kind() == io::ErrorKind::NotFound => Ok(None),
        Ok(found) => found,
        Err(_) => Err(io::Error::other(format!("the disk does not answer within {DISK_PATIENCE:?}"))),
    }
}
