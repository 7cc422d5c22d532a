//! `meetbox version`: which Meetbox this is, and what it was built from and for.

use super::{Failure, print};
use crate::{assets::templates, db::migrate::MIGRATOR};

/// Arguments of `meetbox version`.
#[derive(clap::Args)]
pub struct Args {
    /// Say also what it was built from, and which LiveKit, egress and schema it is for
    #[arg(long)]
    verbose: bool,
}

/// Prints the version, and with `--verbose` a line `name: value` for each of the rest.
pub fn run(args: Args) -> Result<(), Failure> {
    print(&if args.verbose { verbose() } else { format!("meetbox {}\n", env!("CARGO_PKG_VERSION")) })
}

fn verbose() -> String {
    let newest = MIGRATOR.iter().map(|migration| migration.version).max();
    [
        ("meetbox", env!("CARGO_PKG_VERSION").to_owned()),
        ("commit", env!("MEETBOX_COMMIT").to_owned()),
        ("target", env!("MEETBOX_TARGET").to_owned()),
        ("rust", env!("MEETBOX_RUST").to_owned()),
        ("livekit", templates::LIVEKIT_VERSION.to_owned()),
        ("egress", templates::EGRESS_VERSION.to_owned()),
        ("migrations", format!("{}, the newest is {}", MIGRATOR.iter().count(), newest.unwrap_or(0))),
    ]
    .into_iter()
    .map(|(name, value)| format!("{name}: {value}\n"))
    .collect()
}
