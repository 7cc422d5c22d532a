//! `meetbox uninstall`: takes an installation away. What people would miss, data and settings, goes only when that is asked
//! for and confirmed. Docker stays: others may use it.
//!
//! Every step looks whether there is something to do, so one that failed is done again by running it again.

use std::{
    fs::{self, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use url::Url;

use super::{Failure, firewall, print, programs::Program};
use crate::{
    assets::appliance::{BINARY, DATA, FOLDER, IMAGES, LIBRARY, SYSTEM_FILES, UNITS},
    config::file_values,
};

/// Where systemd looks for units that belong to the machine.
const UNIT_FOLDER: &str = "/etc/systemd/system";
/// Where systemd remembers when the timer last went off.
const TIMER_STAMP: &str = "/var/lib/systemd/timers/stamp-meetbox-backup.timer";
/// The account of the service.
const ACCOUNT: &str = "meetbox";

/// Arguments of `meetbox uninstall`.
#[derive(clap::Args)]
pub struct Args {
    /// Remove data and settings, too: meetings, accounts, recordings, certificates, secrets, images
    #[arg(long)]
    purge: bool,
    /// Ask nothing
    #[arg(long)]
    yes: bool,
}

/// Does it, and says each step once it is done.
pub fn run(args: &Args) -> Result<(), Failure> {
    if !rustix::process::geteuid().is_root() {
        return Err(Failure::input("only root can take Meetbox away").hint("sudo meetbox uninstall"));
    }
    if args.purge && !args.yes {
        confirm()?;
    }
    stop_units()?;
    remove_containers(args.purge)?;
    firewall::close()?;
    let units: Vec<_> = UNITS.iter().map(|unit| format!("{UNIT_FOLDER}/{unit}")).collect();
    remove(&units)?;
    done(Program::new("systemctl"), &["daemon-reload"])?;
    if args.purge {
        let additions: Vec<_> = UNITS.iter().map(|unit| format!("{UNIT_FOLDER}/{unit}.d")).collect();
        remove(&additions)?;
        remove(&[FOLDER, DATA])?;
        remove(&SYSTEM_FILES)?;
        remove(&[TIMER_STAMP])?;
        remove_account()?;
    }
    // At last, so that what failed before can be run again.
    remove(&[LIBRARY, BINARY])?;
    print(&if args.purge {
        "Nothing of Meetbox is left but the kernel's sizes of socket buffers, until the machine starts anew.\n"
            .to_owned()
    } else {
        format!(
            "Settings stay in {FOLDER}, recordings in {DATA}, the database and certificates in Docker's volumes meetbox_*. \
             Installing again finds them.\n"
        )
    })
}

/// Has the domain typed, at the terminal: stdin may be a script.
fn confirm() -> Result<(), Failure> {
    let path = format!("{FOLDER}/meetbox.env");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let url = file_values(&text).get("PUBLIC_URL").and_then(|url| Url::parse(url).ok());
    let word = url.as_ref().and_then(Url::host_str).unwrap_or("meetbox");
    let refused = || Failure::input("not confirmed, so nothing was changed").hint("--yes goes on without asking");

    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|_| refused())?;
    let question = format!(
        "This removes all meetings, accounts, recordings on this machine, settings and secrets. There is no undo.\n\
         Type {word} to go on: "
    );
    terminal.write_all(question.as_bytes()).map_err(|_| refused())?;
    let mut line = String::new();
    BufReader::new(terminal).read_line(&mut line).map_err(|_| refused())?;
    if line.trim() == word { Ok(()) } else { Err(refused()) }
}

fn stop_units() -> Result<(), Failure> {
    for unit in UNITS {
        if Path::new(UNIT_FOLDER).join(unit).exists() {
            done(Program::new("systemctl"), &["disable", "--now", unit])?;
            print(&format!("stopped  {unit}\n"))?;
        }
    }
    Ok(())
}

/// Removes the containers, and with `purge` what they keep and are made of.
fn remove_containers(purge: bool) -> Result<(), Failure> {
    if !Path::new(FOLDER).join("compose.yaml").exists() {
        return Ok(());
    }
    let docker = Program::new("docker");
    // Asked now, by name: what compose removes is the digest, and the name would stay.
    let images: Vec<String> = if purge {
        IMAGES
            .into_iter()
            .filter_map(|image| docker.ask(&["image", "inspect", "--format", "{{.Id}}", image]).ok())
            .collect()
    } else {
        Vec::new()
    };
    let mut arguments = vec!["compose", "down", "--remove-orphans"];
    if purge {
        arguments.extend(["--volumes", "--rmi", "all"]);
    }
    done(docker.within(FOLDER), &arguments)?;
    for image in images {
        if docker.agrees(&["image", "inspect", image.trim()])? && docker.ask(&["image", "rm", image.trim()]).is_err() {
            print(&format!("left     image {}, which somebody else uses\n", image.trim()))?;
        }
    }
    print(if purge { "removed  containers, their volumes and images\n" } else { "removed  containers\n" })
}

fn remove_account() -> Result<(), Failure> {
    let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
    if accounts.lines().any(|line| line.split(':').next() == Some(ACCOUNT)) {
        done(Program::new("/usr/sbin/userdel"), &[ACCOUNT])?;
        print(&format!("removed  the account {ACCOUNT}\n"))?;
    }
    Ok(())
}

fn remove(paths: &[impl AsRef<Path>]) -> Result<(), Failure> {
    for path in paths {
        let path = path.as_ref();
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        match removed {
            Ok(()) => print(&format!("removed  {}\n", path.display()))?,
            Err(err) if err.kind() == io::ErrorKind::NotFound => {}
            Err(err) => {
                return Err(Failure::ours(format!("cannot remove {}", path.display()))
                    .because(&err)
                    .hint("what is listed above is done; mend the cause, and run it again"));
            }
        }
    }
    Ok(())
}

/// Runs a program; its own words go where ours go.
fn done(program: Program, arguments: &[&str]) -> Result<(), Failure> {
    program
        .watch(arguments)
        .map_err(|failure| failure.hint("what is listed above is done; mend the cause, and run it again"))
}
