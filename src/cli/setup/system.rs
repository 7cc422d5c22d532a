//! What setup does on the machine itself, once the files are written: by way of systemd and Docker, any number of times, and
//! only where something is not as it should be.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
    time::Duration,
};

use rustix::{
    fs::{FlockOperation, flock},
    process::geteuid,
};

use super::containers;
use crate::{
    app::accounts,
    assets::appliance::{BACKUP, BACKUP_TIMER, BINARY, FIREWALL, FOLDER, LIBRARY, SERVICE, STACK, UNITS},
    cli::{Failure, account, operator, print, programs::Program, recordings, runtime},
    config::Settings,
    db,
};

const SYSTEMCTL: Program = Program::new("systemctl");
/// Held by the one setup that may run.
const LOCK: &str = "/run/meetbox-setup.lock";
/// There is one exactly where systemd runs the machine (sd_booted(3)).
const SYSTEMD: &str = "/run/systemd/system";
/// How long the database may take to let us in.
const DATABASE_PATIENCE: Duration = Duration::from_secs(5);
/// Room for LiveKit's sockets.
const SYSCTL: &str = "/etc/sysctl.d/60-meetbox.conf";

/// Waits for nobody: two at once would undo each other's work.
pub fn take_turn() -> Result<File, Failure> {
    if !geteuid().is_root() {
        return Err(Failure::input("setting up a machine takes root's rights")
            .hint("`sudo meetbox setup`; or `meetbox setup --render FOLDER`, which only writes files there"));
    }
    let cannot = |err: &io::Error| Failure::ours(format!("cannot lock {LOCK}")).because(err);
    let file = OpenOptions::new().create(true).append(true).open(LOCK).map_err(|err| cannot(&err))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            Err(Failure::input("another `meetbox setup` is at work").hint("wait until it is through"))
        }
        Err(err) => Err(cannot(&err.into())),
    }
}

/// Whether this machine has what an installation runs on; changes nothing.
pub fn look() -> Result<(), Failure> {
    if !Path::new(SYSTEMD).exists() {
        return Err(Failure::input("systemd does not run this machine")
            .hint("an installation needs it; `meetbox setup --render FOLDER` makes the files for another machine"));
    }
    if !Path::new(BINARY).exists() {
        return Err(Failure::input(format!("there is no {BINARY}, which the service runs"))
            .hint("install.sh puts it there; `install -m 755 meetbox /usr/local/bin/` does it by hand"));
    }
    containers::look()
}

/// The account, the folders, the kernel's settings and the units.
pub fn prepare() -> Result<(), Failure> {
    Program::new("systemd-sysusers").ask(&["/etc/sysusers.d/meetbox.conf"])?;
    Program::new("systemd-tmpfiles").ask(&["--create", "/etc/tmpfiles.d/meetbox.conf"])?;
    if !sysctls_hold()? {
        // All files in their order, so that the operator's own come after ours.
        SYSTEMCTL.ask(&["restart", "systemd-sysctl.service"])?;
        if !sysctls_hold()? {
            print(&format!(
                "warning: the kernel does not take what {SYSCTL} says; LiveKit may lose media under load\n"
            ))?;
        }
    }
    SYSTEMCTL.ask(&["daemon-reload"])?;
    // The timer starts its service, which nobody else does.
    for unit in UNITS.into_iter().filter(|unit| *unit != BACKUP) {
        if !SYSTEMCTL.agrees(&["is-enabled", "--quiet", unit])? {
            SYSTEMCTL.ask(&["enable", "--quiet", unit])?;
        }
    }
    Ok(())
}

/// Whether the kernel gives at least what our file says.
fn sysctls_hold() -> Result<bool, Failure> {
    let cannot = |err: &io::Error| Failure::ours(format!("cannot read {SYSCTL}")).because(err);
    let text = fs::read_to_string(SYSCTL).map_err(|err| cannot(&err))?;
    let wanted = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    for (key, least) in wanted {
        let path = Path::new("/proc/sys").join(key.trim().replace('.', "/"));
        // A kernel without it, or a container that may not see it, has no more to give.
        let Ok(value) = fs::read_to_string(&path) else { return Ok(false) };
        let numbers = (value.trim().parse::<u64>(), least.trim().parse::<u64>());
        if let (Ok(value), Ok(least)) = numbers
            && value < least
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Refuses when somebody's recording would be cut off. `renews_recorder` when that much is known already: what the operator
/// put into compose.d is seen only here.
pub fn refuse_while_recording(settings: &Settings, renews_recorder: bool) -> Result<(), Failure> {
    if !containers::recorder_runs()? || !(renews_recorder || containers::recorder_is_outdated()?) {
        return Ok(());
    }
    let asked = runtime()?.block_on(async {
        // Asked once: a password that setup is about to make known would be tried for long.
        let is_open = db::provision::lets_us_in(&settings.database).await;
        if !is_open.map_err(|err| Failure::ours("the database does not answer").because(&err))? {
            return Err(Failure::input("the database does not take the password of DATABASE_URL"));
        }
        let app = operator::look(settings).await?;
        recordings::running(&app).await
    });
    let running = match asked {
        Ok(running) => running.len(),
        // Setup may be just what mends it.
        Err(err) => {
            return print(&format!("warning: nobody can say whether something is being recorded: {err}\n"));
        }
    };
    let who = match running {
        0 => return Ok(()),
        1 => "a recording is".to_owned(),
        more => format!("{more} recordings are"),
    };
    Err(Failure::input(format!("{who} under way, and these changes may start the recorder anew"))
        .hint("`meetbox recordings --wait 60` waits for their end; `meetbox setup --cut-recordings` ends them here"))
}

/// Starts what does not run, and starts anew what runs with something older than what is written.
pub fn start(settings: &Settings) -> Result<(), Failure> {
    if is_active(FIREWALL)? {
        // The ports may be others; where they are not, it only compares.
        systemctl(&["reload", FIREWALL], FIREWALL)?;
    } else {
        start_unit(FIREWALL)?;
    }
    // Here, and not by the unit, so that one sees what fails.
    containers::start(is_active(STACK)?)?;
    start_unit(STACK)?;
    let runtime = runtime()?;
    if runtime.block_on(containers::provide_database(&settings.database))? {
        print("made the database and its role as the settings say\n")?;
    }
    let runs = is_active(SERVICE)?;
    if !runs && runtime.block_on(is_left_to_be_migrated(settings))? {
        print(&format!(
            "saving the database before it is migrated: journalctl --follow --unit {BACKUP} shows how far\n"
        ))?;
        systemctl(&["start", BACKUP], BACKUP)?;
    }
    if runs && is_outdated()? {
        print("restarting meetbox: what it runs with has changed\n")?;
        systemctl(&["restart", SERVICE], SERVICE)?;
    } else {
        start_unit(SERVICE)?;
    }
    start_unit(BACKUP_TIMER)?;
    runtime.block_on(async {
        let app = operator::open(settings).await?;
        let is_needed = accounts::setup_is_needed(&app).await;
        if is_needed.map_err(|err| Failure::ours("the database does not do what it was asked").because(&err))? {
            let link = account::setup_link(&app, settings).await?;
            print(&format!("the first administrator signs up here, within an hour: {link}\n"))?;
        }
        Ok(())
    })
}

/// Whether an older Meetbox left a database here that the server, once it starts, migrates.
async fn is_left_to_be_migrated(settings: &Settings) -> Result<bool, Failure> {
    // Where a binary of before is kept, there was an upgrade, before which install.sh saved the database or was told not to.
    if Path::new(LIBRARY).join("previous").exists() {
        return Ok(false);
    }
    let mut connection = db::connect_once(&settings.database, DATABASE_PATIENCE)
        .await
        .map_err(|err| Failure::ours("cannot look at the database").because(&err))?;
    let schema = db::migrate::look(&mut connection)
        .await
        .map_err(|err| Failure::ours("the database does not tell its schema").because(&err))?;
    Ok(schema.version > 0 && !schema.pending.is_empty())
}

fn start_unit(unit: &str) -> Result<(), Failure> {
    if is_active(unit)? {
        return Ok(());
    }
    print(&format!("starting {}\n", unit.trim_end_matches(".service")))?;
    systemctl(&["start", unit], unit)
}

fn systemctl(arguments: &[&str], unit: &str) -> Result<(), Failure> {
    match SYSTEMCTL.ask(arguments) {
        Ok(_) => Ok(()),
        Err(failure) => Err(failure.hint(format!("`journalctl --unit {unit} --lines 50` says why"))),
    }
}

fn is_active(unit: &str) -> Result<bool, Failure> {
    SYSTEMCTL.agrees(&["is-active", "--quiet", unit])
}

/// Whether the service was started before its binary, its settings or its unit were put where they are.
fn is_outdated() -> Result<bool, Failure> {
    let property = ["show", SERVICE, "--property", "ExecMainStartTimestamp", "--value", "--timestamp", "unix"];
    let said = SYSTEMCTL.ask(&property)?;
    let started = said.trim().strip_prefix('@').and_then(|seconds| seconds.parse::<i64>().ok());
    let started =
        started.ok_or_else(|| Failure::ours(format!("systemd says that {SERVICE} was started at `{said}`")))?;
    let settings = format!("{FOLDER}/meetbox.env");
    let unit = format!("/etc/systemd/system/{SERVICE}");
    for path in [BINARY, &settings, &unit] {
        // The time of the change of the entry itself: a binary keeps the time at which it was built.
        let changed = fs::metadata(path).map(|metadata| metadata.ctime());
        let changed = changed.map_err(|err| Failure::ours(format!("cannot look at {path}")).because(&err))?;
        if changed > started {
            return Ok(true);
        }
    }
    Ok(false)
}
