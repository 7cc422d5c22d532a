//! `.meetbox/`: everything that `meetbox dev` keeps, and the lock that says who keeps it.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::cli::{Failure, files, operator};

const NAME: &str = ".meetbox";

/// The folder, held by this process alone.
pub struct Folder {
    root: PathBuf,
    // The kernel takes the lock back when this process ends, however it ends.
    _lock: File,
}

impl Folder {
    /// Opens the folder in `parent`, makes what is missing in it and takes the lock.
    pub fn open(parent: &Path) -> Result<Self, Failure> {
        let root = parent.join(NAME);
        make(&root).map_err(|err| Failure::input(format!("cannot make {}", root.display())).because(&err))?;

        let lock = lock(&root.join("lock"))?;
        Ok(Self { root, _lock: lock })
    }

    /// A place in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Where programs that we fetched or built stand.
    pub fn program(&self, name: &str) -> PathBuf {
        self.root.join("bin").join(name)
    }

    /// Where a service keeps its data.
    pub fn data(&self, service: &str) -> io::Result<PathBuf> {
        let path = self.root.join(service);
        fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Where it is written down which process a service is.
    pub fn mark(&self, service: &str) -> PathBuf {
        self.root.join("run").join(service)
    }

    /// The folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// A fresh log for `service`; the one of the last run stands beside it.
    pub fn open_log(&self, service: &str) -> io::Result<File> {
        let path = self.log(service);
        match fs::rename(&path, path.with_extension("previous.log")) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(err),
            _ => {}
        }
        OpenOptions::new().append(true).create(true).open(path)
    }

    /// Where the log of `service` stands.
    pub fn log(&self, service: &str) -> PathBuf {
        self.logs().join(format!("{service}.log"))
    }

    /// Writes down what the API is told, in a form that a shell reads: for tools that are to meet the same services.
    pub fn write_settings(&self, variables: &[(&str, Option<String>)]) -> io::Result<()> {
        let set = variables.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let lines: String = set.map(|(name, value)| format!("{name}='{}'\n", value.replace('\'', r"'\''"))).collect();
        files::write_private(&self.settings(), &lines)
    }

    /// Where that stands.
    pub fn settings(&self) -> PathBuf {
        self.path("env")
    }

    /// The secrets of this folder: made once, and the same ever after.
    pub fn secrets(&self) -> Result<Secrets, Failure> {
        let path = self.path("secrets.json");
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|err| {
                Failure::input(format!("cannot understand {}", path.display())).because(&err).hint(
                    "the passwords in it belong to the data beside it; mend it, or start over with `rm -r .meetbox`",
                )
            }),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Secrets::make(&path)
                .map_err(|err| Failure::input(format!("cannot write {}", path.display())).because(&err)),
            Err(err) => Err(Failure::input(format!("cannot read {}", path.display())).because(&err)),
        }
    }
}

/// What only this folder's services know.
#[derive(Deserialize, Serialize)]
pub struct Secrets {
    pub postgres_password: String,
    pub livekit_api_key: String,
    pub livekit_api_secret: String,
}

impl Secrets {
    fn make(path: &Path) -> io::Result<Self> {
        let secrets = Self {
            postgres_password: operator::new_secret(),
            livekit_api_key: "devkey".to_owned(),
            livekit_api_secret: operator::new_secret(),
        };
        files::write_private(path, &serde_json::to_string_pretty(&secrets)?)?;
        Ok(secrets)
    }
}

fn make(root: &Path) -> io::Result<()> {
    for folder in ["bin", "logs", "run"] {
        fs::create_dir_all(root.join(folder))?;
        fs::set_permissions(root.join(folder), Permissions::from_mode(0o700))?;
    }
    // Passing through is allowed to all, since Postgres may run as somebody else; looking around is not.
    fs::set_permissions(root, Permissions::from_mode(0o711))
}

fn lock(path: &Path) -> Result<File, Failure> {
    let cannot = |err: io::Error| Failure::input(format!("cannot lock {}", path.display())).because(&err);
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let mut file = options.map_err(cannot)?;

    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut holder = String::new();
        let _ = file.read_to_string(&mut holder);
        return Err(Failure::input(format!("`meetbox dev` is already running here (pid {})", holder.trim()))
            .hint("stop it with Ctrl-C where it runs, or use another working directory"));
    }
    file.set_len(0).and_then(|()| file.write_all(std::process::id().to_string().as_bytes())).map_err(cannot)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::Folder;

    #[test]
    fn secrets_are_made_once_and_only_their_owner_reads_them() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::open(parent.path()).unwrap();

        let first = folder.secrets().unwrap();
        let again = folder.secrets().unwrap();

        assert_eq!(first.livekit_api_secret, again.livekit_api_secret);
        assert!(first.livekit_api_secret.len() >= 32);
        assert_ne!(first.livekit_api_secret, first.postgres_password);
        let mode = std::fs::metadata(folder.path("secrets.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_folder_is_held_by_one_process_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let held = Folder::open(parent.path()).unwrap();

        assert!(Folder::open(parent.path()).is_err());

        drop(held);
        assert!(Folder::open(parent.path()).is_ok());
    }
}
