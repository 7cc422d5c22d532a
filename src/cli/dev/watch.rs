//! Watches the sources, and tells once when many files change together.

use std::{path::Path, time::Duration};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};
use tokio::{sync::mpsc, time::timeout};

/// How long the sources must have been quiet: an editor writes a file in several steps, and git many files.
const QUIET: Duration = Duration::from_millis(200);
/// The folders that the binary is built from.
const FOLDERS: [&str; 4] = ["src", "migrations", "assets", "openapi"];
/// The files beside them.
const FILES: [&str; 3] = ["Cargo.toml", "Cargo.lock", "build.rs"];

/// The sources under a folder, being watched.
pub struct Sources {
    changes: mpsc::Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl Sources {
    /// Begins to watch.
    pub fn watch(root: &Path) -> notify::Result<Self> {
        // One place: whoever waits for a change needs to know that there was one, not how many.
        let (sender, changes) = mpsc::channel(1);
        let owner = root.to_owned();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| is_change(&owner, &event)) {
                let _ = sender.try_send(());
            }
        })?;

        // The folder itself and not the files in it: an editor that replaces a file would take the watch with it.
        watcher.watch(root, RecursiveMode::NonRecursive)?;
        for folder in FOLDERS.map(|folder| root.join(folder)) {
            if folder.is_dir() {
                watcher.watch(&folder, RecursiveMode::Recursive)?;
            }
        }
        Ok(Self { changes, _watcher: watcher })
    }

    /// Resolves when something has changed and nothing has changed since for a moment.
    pub async fn changed(&mut self) {
        self.changes.recv().await;
        while timeout(QUIET, self.changes.recv()).await.is_ok() {}
    }
}

fn is_change(root: &Path, event: &Event) -> bool {
    let written = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        // A build reads every source.
        EventKind::Access(_) => false,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    };
    written && event.paths.iter().any(|path| is_source(root, path))
}

fn is_source(root: &Path, path: &Path) -> bool {
    let Ok(path) = path.strip_prefix(root) else { return false };
    let in_folder = FOLDERS.iter().any(|folder| path.starts_with(folder) && path != Path::new(folder));
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();

    // What editors leave beside a file while it is open.
    let passing = name.starts_with('.') || name.ends_with('~') || name == "4913";
    (in_folder && !passing) || FILES.iter().any(|file| path == Path::new(file))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::is_source;

    #[test]
    fn sources_are_what_the_binary_is_built_from() {
        let root = Path::new("/work");
        for source in ["src/main.rs", "src/cli/dev/mod.rs", "migrations/0001.sql", "Cargo.toml", "build.rs"] {
            assert!(is_source(root, &root.join(source)), "{source}");
        }
        for other in
            ["target/debug/meetbox", "src", "src/.main.rs.swp", "src/main.rs~", "web/app/page.tsx", "README.md"]
        {
            assert!(!is_source(root, &root.join(other)), "{other}");
        }
    }
}
