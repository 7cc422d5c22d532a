//! Space: where recordings, what waits to be uploaded, and Docker's data lie.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::{Visit, containers, machine::DISK_PATIENCE, report::Finding};
use crate::assets::appliance::{RECORDINGS, RESCUE};

const GIB: u64 = 1 << 30;
/// Below either of these somebody should see to it …
const LITTLE: Floor = Floor { percent: 20, bytes: 10 * GIB };
/// … and below these the next recording may be lost.
const TOO_LITTLE: Floor = Floor { percent: 5, bytes: 2 * GIB };

/// Where Docker keeps its data when it does not say otherwise.
const DOCKER: &str = "/var/lib/docker";

struct Floor {
    percent: u64,
    bytes: u64,
}

/// What is left on a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Space {
    bytes: u64,
    free_bytes: u64,
    /// Zero where files are not counted.
    inodes: u64,
    free_inodes: u64,
}

/// A file system, by what of ours lies on it.
struct Disk {
    device: u64,
    space: Space,
    holds: Vec<String>,
}

/// The free space of each file system that something of ours lies on.
pub async fn look(visit: &Visit) -> Result<Finding, Finding> {
    let mut disks: Vec<Disk> = Vec::new();
    let mut silent = Vec::new();
    for (what, path) in places(visit).await {
        match ask(visit.machine.path(&path)).await {
            Ok((device, space)) => match disks.iter_mut().find(|disk| disk.device == device) {
                Some(disk) => disk.holds.push(what.to_owned()),
                None => disks.push(Disk { device, space, holds: vec![what.to_owned()] }),
            },
            Err(why) => silent.push(Finding::failed(
                format!("{} ({what}): {why}", path.display()),
                format!("is what is mounted there well? df {}", path.display()),
            )),
        }
    }
    let told = disks.iter().map(Disk::words).collect::<Vec<_>>().join("; ");
    let parts = disks.iter().map(Disk::judge).chain(silent).collect();
    Ok(Finding::of(parts, told))
}

async fn places(visit: &Visit) -> Vec<(&'static str, PathBuf)> {
    let settings = visit.settings.as_ref().ok();
    let recordings = match settings {
        // Kept in an object store, or nowhere.
        Some(settings) if settings.storage.folder().is_none() => None,
        Some(settings) => settings.storage.folder().map(|folder| folder.dir.clone()),
        None => Some(PathBuf::from(RECORDINGS)),
    };
    let rescue = settings.and_then(|settings| settings.recordings.backup_dir.clone());
    let docker = containers::engine(visit).await.as_ref().map(|engine| engine.folder.clone());
    let docker = docker.ok().filter(|folder| !folder.is_empty()).unwrap_or_else(|| DOCKER.to_owned());
    let places = [
        ("recordings", recordings),
        ("rescue", Some(rescue.unwrap_or_else(|| PathBuf::from(RESCUE)))),
        ("docker", Some(PathBuf::from(docker))),
    ];
    places.into_iter().filter_map(|(what, path)| Some((what, path?))).collect()
}

/// The file system of a folder, or of the nearest one above it that is there.
async fn ask(path: PathBuf) -> Result<(u64, Space), String> {
    let work = tokio::task::spawn_blocking(move || {
        let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
        let device = std::fs::metadata(there)?.dev();
        let found = rustix::fs::statvfs(there)?;
        let space = Space {
            bytes: found.f_blocks.saturating_mul(found.f_frsize),
            free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
            inodes: found.f_files,
            free_inodes: found.f_favail,
        };
        Ok::<_, std::io::Error>((device, space))
    });
    match tokio::time::timeout(DISK_PATIENCE, work).await {
        Ok(Ok(Ok(found))) => Ok(found),
        Ok(Ok(Err(err))) => Err(err.to_string()),
        Ok(Err(err)) => Err(err.to_string()),
        Err(_) => Err(format!("the disk does not answer within {DISK_PATIENCE:?}")),
    }
}

impl Disk {
    fn words(&self) -> String {
        let Space { bytes, free_bytes, inodes, free_inodes } = self.space;
        let files = match percent(free_inodes, inodes) {
            Some(left) if left < LITTLE.percent => format!(", and {left} % of its inodes"),
            _ => String::new(),
        };
        let left = percent(free_bytes, bytes).unwrap_or(0);
        format!("{}: {} of {} free, {left} %{files}", self.holds.join(", "), gib(free_bytes), gib(bytes))
    }

    fn judge(&self) -> Finding {
        let fix = || {
            let what = if self.holds.iter().any(|it| it == "docker") {
                "docker image prune --all (while the containers run, so that their images stay), journalctl --vacuum-size=500M, or delete recordings; else a larger disk"
            } else {
                "delete recordings, set RECORDING_RETENTION_DAYS or RECORDING_RETENTION_BYTES, or take a larger disk"
            };
            what.to_owned()
        };
        if self.space.is_below(&TOO_LITTLE) {
            Finding::failed(self.words(), fix())
        } else if self.space.is_below(&LITTLE) {
            Finding::warning(self.words(), fix())
        } else {
            Finding::ok(self.words())
        }
    }
}

impl Space {
    /// File systems that count no blocks or no files have no limit that could be seen.
    fn is_below(&self, floor: &Floor) -> bool {
        let few = |left: Option<u64>| left.is_some_and(|left| left < floor.percent);
        let little = self.bytes > 0 && self.free_bytes < floor.bytes;
        little || few(percent(self.free_bytes, self.bytes)) || few(percent(self.free_inodes, self.inodes))
    }
}

fn percent(part: u64, whole: u64) -> Option<u64> {
    (whole > 0).then(|| u64::try_from(u128::from(part) * 100 / u128::from(whole)).unwrap_or(100))
}

/// A number of GiB with one place behind the point.
fn gib(bytes: u64) -> String {
    let tenths = bytes / (GIB / 10);
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(free_bytes: u64, bytes: u64, free_inodes: u64, inodes: u64) -> &'static str {
        let space = Space { bytes, free_bytes, inodes, free_inodes };
        match (space.is_below(&TOO_LITTLE), space.is_below(&LITTLE)) {
            (true, _) => "failed",
            (false, true) => "warning",
            (false, false) => "ok",
        }
    }

    #[test]
    fn a_disk_is_short_by_share_by_size_or_by_files() {
        assert_eq!(judged(50 * GIB, 100 * GIB, 0, 0), "ok");
        assert_eq!(judged(19 * GIB, 100 * GIB, 0, 0), "warning");
        assert_eq!(judged(9 * GIB, 20 * GIB, 0, 0), "warning");
        assert_eq!(judged(4 * GIB, 100 * GIB, 0, 0), "failed");
        assert_eq!(judged(GIB, 4 * GIB, 0, 0), "failed");
        assert_eq!(judged(50 * GIB, 100 * GIB, 4, 100), "failed");
        assert_eq!(judged(50 * GIB, 100 * GIB, 19, 100), "warning");
        assert_eq!(judged(0, 0, 0, 0), "ok");
    }
}
