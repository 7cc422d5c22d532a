//! The folders into which the recorder writes, made by us before it does.
//!
//! It runs as another user. Whoever owns a folder may delete what is in it, and the recorder's own folders can be written to
//! by nobody else; so ours have to be there first, and its files may then be taken away once they are at home.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tracing::warn;

use crate::{app::App, storage::Storage, telemetry};

/// For its owner and the group of the folder above, which it inherits.
const MODE: u32 = 0o770;
/// How long a folder in which nothing came to lie is left for a recorder that may still fill it. None records for so long.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// Makes the folders of this key, where it goes and where it would be left behind. When that fails the recorder makes its
/// own, and nothing is lost.
pub(super) async fn make_way(app: &App, key: &str) {
    if let Err(err) = app.storage.make_way(key).await {
        warn!(error = telemetry::chain(&err), "cannot make a folder for the recorder; it will make its own");
    }
    let Some(folder) = app.recordings.backup_dir.as_deref().filter(|_| matches!(app.storage, Storage::S3(_))) else {
        return;
    };
    if let Err(err) = make_below(folder, key).await {
        warn!(error = %err, "cannot make a folder in RECORDING_BACKUP_DIR for the recorder; it will make its own");
    }
}

/// The folder itself is the operator's: one that is missing is a mistake, which is not to be hidden by making it.
async fn make_below(folder: &Path, key: &str) -> std::io::Result<()> {
    tokio::fs::metadata(folder).await?;
    let path = folder.join(key);
    let parent = path.parent().unwrap_or(folder);
    tokio::fs::DirBuilder::new().recursive(true).mode(MODE).create(parent).await
}

/// Takes away the folders of the backup folder in which nothing has been for long.
pub(super) async fn sweep(folder: &Path, deepest: usize) -> std::io::Result<()> {
    let mut found: Vec<(PathBuf, usize)> = vec![(folder.to_owned(), 0)];
    let mut at = 0;
    while let Some((path, depth)) = found.get(at).cloned() {
        at += 1;
        let mut entries = match tokio::fs::read_dir(&path).await {
            Ok(entries) => entries,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound && depth > 0 => continue,
            Err(err) => return Err(err),
        };
        while let Some(entry) = entries.next_entry().await? {
            if depth < deepest && entry.file_type().await?.is_dir() {
                found.push((entry.path(), depth + 1));
            }
        }
    }
    // The deepest first; and never the backup folder itself.
    for (path, _) in found.iter().skip(1).rev() {
        let age = tokio::fs::metadata(path).await.and_then(|metadata| metadata.modified()).map(|time| time.elapsed());
        // A clock that was set back makes nothing old.
        if matches!(age, Ok(Ok(age)) if age > KEPT) {
            // Refused while something is in it.
            let _ = tokio::fs::remove_dir(path).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        os::unix::fs::PermissionsExt,
        time::SystemTime,
    };

    use super::*;

    #[tokio::test]
    async fn folders_are_made_for_both_to_write_in_and_only_below_one_that_is_there() {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o2770)).unwrap();
        make_below(root.path(), "recordings/2026/11/26/blue-heron/x.mp4").await.unwrap();

        let made = root.path().join("recordings/2026/11/26/blue-heron");
        let mode = fs::metadata(&made).unwrap().permissions().mode();
        assert_eq!(mode & 0o2007, 0o2000, "it belongs to the group of the folder above, and to nobody else: {mode:o}");
        assert!(make_below(&root.path().join("absent"), "a/b").await.is_err());
        assert!(!root.path().join("absent").exists());
    }

    #[tokio::test]
    async fn only_folders_that_have_been_empty_for_long_go() {
        let root = tempfile::tempdir().unwrap();
        for path in ["old/empty", "old/full", "new/empty"] {
            fs::create_dir_all(root.path().join(path)).unwrap();
        }
        fs::write(root.path().join("old/full/x.mp4"), "x").unwrap();
        let long_ago = SystemTime::from(crate::clock::Clock::System.now()) - KEPT - Duration::from_secs(60);
        for path in ["old/empty", "old/full"] {
            File::open(root.path().join(path)).unwrap().set_modified(long_ago).unwrap();
        }

        sweep(root.path(), 8).await.unwrap();

        let is_there = |path: &str| root.path().join(path).exists();
        assert!(!is_there("old/empty") && is_there("old/full/x.mp4") && is_there("new/empty"));
    }
}
