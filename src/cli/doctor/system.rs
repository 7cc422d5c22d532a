//! What systemd and the kernel hold: the units, the kernel's limits, the folders.

use std::{collections::BTreeMap, os::unix::fs::MetadataExt as _, time::Duration};

use super::{Machine, Visit, report::Finding};

const SYSCTLS: &str = include_str!("../../../assets/appliance/sysctl.conf");
const FOLDERS: &str = include_str!("../../../systemd/tmpfiles.conf");

/// What is asked of a unit.
const PROPERTIES: &str =
    "--property=LoadState,ActiveState,SubState,UnitFileState,Result,NRestarts,ExecMainStatus,ActiveEnterTimestamp";
/// How many of a unit's last lines are looked through for why it ended.
const LINES: &str = "300";
/// How long the journal is waited for; an old one is slow, and only a reason is lost.
const JOURNAL_PATIENCE: Duration = Duration::from_secs(4);

/// What systemd says of a unit.
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    /// What a property is; empty where systemd does not say.
    pub fn is(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }
}

/// Asks systemd about a unit; `properties` begins with `--property=`.
pub async fn show(machine: &Machine, unit: &str, properties: &str) -> Result<Properties, Finding> {
    let said = machine.ask("systemctl", &["show", unit, properties]).await?;
    let found = said.lines().filter_map(|line| line.split_once('='));
    Ok(Properties(found.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
}

/// The unit of the API.
pub async fn service(visit: &Visit) -> Result<Finding, Finding> {
    unit(&visit.machine, "meetbox.service").await
}

/// The unit of the containers.
pub async fn stack(visit: &Visit) -> Result<Finding, Finding> {
    unit(&visit.machine, "meetbox-stack.service").await
}

async fn unit(machine: &Machine, unit: &str) -> Result<Finding, Finding> {
    let found = show(machine, unit, PROPERTIES).await?;
    let is = |name: &str| found.is(name);

    if is("LoadState") != "loaded" {
        let fix = "meetbox setup writes the units; then systemctl daemon-reload";
        return Ok(Finding::failed(format!("{unit} is not installed ({})", is("LoadState")), fix));
    }
    let active = match is("ActiveState") {
        "active" => Finding::ok(""),
        state => {
            let why = reason(machine, unit).await.unwrap_or_else(|| format!("result: {}", is("Result")));
            Finding::failed(format!("{state} ({}); {why}", is("SubState")), format!("systemctl restart {unit}"))
                .or(format!("journalctl --unit {unit} --lines 50"))
        }
    };
    let enabled = match is("UnitFileState") {
        "enabled" => Finding::ok(""),
        state => {
            Finding::failed(format!("it does not start with the machine ({state})"), format!("systemctl enable {unit}"))
        }
    };
    let restarts = match is("NRestarts") {
        "" | "0" => Finding::ok(""),
        times => {
            let why = reason(machine, unit).await.unwrap_or_else(|| "the journal does not say why".to_owned());
            let said = format!("started again {times} times since it was started by hand; last: {why}");
            Finding::warning(said, format!("journalctl --unit {unit} --lines 50"))
        }
    };
    let since = is("ActiveEnterTimestamp");
    Ok(Finding::of(vec![active, enabled, restarts], format!("active since {since}, starts with the machine")))
}

/// Why a unit ended last, in systemd's words.
async fn reason(machine: &Machine, unit: &str) -> Option<String> {
    let arguments = ["--unit", unit, "--lines", LINES, "--output", "cat", "--no-pager"];
    let said = tokio::time::timeout(JOURNAL_PATIENCE, machine.ask("journalctl", &arguments)).await.ok()?.ok()?;
    let tells = |line: &&str| {
        ["Main process exited", "Failed with result", "Watchdog timeout"].iter().any(|words| line.contains(words))
    };
    let last: Vec<_> = said.lines().filter(tells).collect();
    // The first of the two that belong together says more.
    last.iter().rev().find(|line| line.contains("Main process exited")).or(last.last()).map(|line| (*line).to_owned())
}

/// Whether the kernel's limits are what LiveKit's sockets need.
pub async fn sysctls(visit: &Visit) -> Result<Finding, Finding> {
    let wanted = SYSCTLS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    let look = |(name, least): (&str, &str)| {
        let (name, least) = (name.trim(), least.trim());
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        let found = visit.machine.read(&path).ok().and_then(|text| text.trim().parse::<u64>().ok());
        match (found, least.parse::<u64>()) {
            (None, _) | (_, Err(_)) => Finding::unknown(format!("{path} cannot be read")),
            (Some(found), Ok(least)) if found < least => Finding::warning(
                format!("{name} is {found}, and LiveKit needs {least}: media stutters when many are in"),
                "meetbox setup writes /etc/sysctl.d/60-meetbox.conf; then sysctl --system",
            ),
            (Some(found), Ok(_)) => Finding::ok(format!("{name} = {found}")),
        }
    };
    let parts: Vec<_> = wanted.map(look).collect();
    let told = parts.iter().map(Finding::said).collect::<Vec<_>>().join(", ");
    Ok(Finding::of(parts, told))
}

/// Whether the folders for recordings and backups are there, and open to whom they should be.
pub async fn folders(visit: &Visit) -> Result<Finding, Finding> {
    let fields = FOLDERS.lines().filter(|line| line.starts_with("d ")).map(|line| line.split(' ').collect::<Vec<_>>());
    let mut parts = Vec::new();
    for folder in fields {
        let [_, path, mode, owner, group] = folder.as_slice() else { continue };
        parts.push(folder_is(&visit.machine, path, mode, owner, group).await);
    }
    Ok(Finding::of(parts, "the recorder and Meetbox may write where they should, and nobody else"))
}

async fn folder_is(machine: &Machine, path: &str, mode: &str, owner: &str, group: &str) -> Finding {
    let fix = "systemd-tmpfiles --create /etc/tmpfiles.d/meetbox.conf";
    let found = match machine.metadata(path).await {
        Ok(found) if found.is_dir() => found,
        Ok(_) => return Finding::failed(format!("{path} is no folder"), fix),
        Err(err) => return Finding::failed(format!("{path}: {err}"), fix),
    };
    let Some(uid) = account(machine, "/etc/passwd", owner) else {
        return Finding::failed(
            format!("this machine has no account `{owner}`"),
            "systemd-sysusers /etc/sysusers.d/meetbox.conf",
        )
        .or(fix);
    };
    let gid = account(machine, "/etc/group", group);
    let is_mode = format!("{:o}", found.mode() & 0o7777);
    let mut wrong = Vec::new();
    if is_mode != mode.trim_start_matches('0') {
        wrong.push(format!("its permissions are {is_mode} in place of {mode}"));
    }
    if found.uid() != uid {
        wrong.push(format!("it belongs to user {} in place of {owner}", found.uid()));
    }
    if gid.is_some_and(|gid| found.gid() != gid) {
        wrong.push(format!("it belongs to group {} in place of {group}", found.gid()));
    }
    if wrong.is_empty() { Finding::ok("") } else { Finding::failed(format!("{path}: {}", wrong.join(", ")), fix) }
}

/// The number of an account or a group, from the machine's own file of them.
pub fn account(machine: &Machine, file: &str, name: &str) -> Option<u32> {
    let text = machine.read(file).unwrap_or_default();
    let fields = text.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields.filter(|fields| fields.first() == Some(&name)).find_map(|fields| fields.get(2)?.parse().ok())
}
