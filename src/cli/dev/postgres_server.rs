//! A Postgres of our own: a private cluster with one database, on loopback, behind a password.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::process::geteuid;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use super::{
    environment::Environment,
    folder::{Folder, Secrets},
    keep::StopSignal,
    kept::{Program, User},
    once::{Ended, run_to_end},
    ports::Port,
    probe::Probe,
    service::{FirstStart, Health, Service, Voice},
    terminal::Terminal,
};
use crate::cli::{Failure, files};

const NAME: &str = "postgres";
/// Both the owner of the database and the database.
const MEETBOX: &str = "meetbox";
/// Where Debian keeps the server's programs, which are not on the PATH there: one folder for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Where the data stands when the user that may read it cannot pass through to `.meetbox`.
const ELSEWHERE: &str = "/var/tmp";
const INSTALL: &str = "`packaging/dev-prerequisites.sh` installs it, or set DATABASE_URL to one that runs";

/// Where the database answers.
pub fn url(port: u16, secrets: &Secrets) -> String {
    format!("postgres://{MEETBOX}:{}@127.0.0.1:{port}/{MEETBOX}", secrets.postgres_password)
}

/// A cluster: made or about to be.
pub struct Cluster {
    data: PathBuf,
    /// The folder of the server's programs.
    programs: PathBuf,
    user: Option<User>,
}

impl Cluster {
    /// Finds out where it stands, or will.
    pub fn find(folder: &Folder, environment: &Environment) -> Result<Self, Failure> {
        let user = user()?;
        let data =
            data(folder, user).map_err(|err| Failure::input("cannot make a folder for Postgres").because(&err))?;
        let programs = programs(&data, environment)?;
        Ok(Self { data, programs, user })
    }

    /// Tells how to run it.
    pub fn service(&self, folder: &Folder, port: u16, secrets: &Secrets) -> Service {
        Service {
            name: NAME,
            program: Program {
                command: self.command(port),
                directory: self.data.clone(),
                variables: Vec::new(),
                user: self.user,
                stop: StopSignal::Int,
                grace: Duration::from_secs(10),
                mark: folder.mark(NAME),
            },
            ports: vec![Port::tcp(port)],
            place: format!("127.0.0.1:{port}"),
            ready: vec![
                Probe::PostgresAccepts { port },
                Probe::PostgresDatabase { url: SecretString::from(url(port, secrets)) },
            ],
            well: Health {
                probe: Probe::PostgresAccepts { port },
                every: Duration::from_secs(1),
                patience: Duration::from_secs(3),
                strikes: 3,
            },
            // After a power cut it first replays its log.
            start_timeout: Duration::from_secs(60),
            voice: Voice::Log,
            first_start: FirstStart::MustSucceed,
        }
    }

    fn command(&self, port: u16) -> Vec<OsString> {
        let settings = [
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            // A socket file would need a path short enough and open to both users; loopback has neither trouble.
            "unix_socket_directories=".to_owned(),
            "logging_collector=off".to_owned(),
        ];
        let settings = settings.into_iter().flat_map(|setting| ["-c".into(), setting.into()]);
        let command = [self.programs.join("postgres").into(), "-D".into(), self.data.clone().into()];
        command.into_iter().chain(settings).collect()
    }

    /// Makes it when there is none yet.
    pub async fn create_if_missing(&self, folder: &Folder, terminal: &Terminal) -> Result<(), Failure> {
        let secrets = folder.secrets()?;
        if self.data.join("PG_VERSION").exists() {
            return Ok(());
        }
        terminal.wait_for(NAME, "making a database cluster");
        let log = folder.open_log("initdb").map_err(|err| self.cannot_be_made(&err))?;
        let ended = self.create(folder, &secrets, log).await.map_err(|err| self.cannot_be_made(&err))?;

        if !ended.status.success() {
            return Err(self.cannot_be_made(&io::Error::other(ended.lines.join("\n"))));
        }
        Ok(())
    }

    async fn create(&self, folder: &Folder, secrets: &Secrets, log: File) -> io::Result<Ended> {
        // Made under another name, so that a cluster that stands under its own is whole.
        let draft = self.data.with_extension("new");
        let password = self.data.with_extension("password");
        match fs::remove_dir_all(&draft) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(err),
            _ => make(&draft, self.user)?,
        }
        files::write_private(&password, &secrets.postgres_password)?;
        if let Some(User { uid, gid }) = self.user {
            chown(&password, Some(uid), Some(gid))?;
        }

        let ended = run_to_end(&self.initdb(folder, &draft, &password), log, |_| {}).await;
        let _ = fs::remove_file(&password);
        let ended = ended?;
        if ended.status.success() {
            fs::rename(&draft, &self.data)?;
        }
        Ok(ended)
    }

    fn initdb(&self, folder: &Folder, draft: &Path, password: &Path) -> Program {
        let mut command = vec![self.programs.join("initdb").into(), "-D".into(), draft.into()];
        command.extend(["-U", MEETBOX, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"].map(OsString::from));
        command.extend(["--pwfile".into(), password.into()]);

        Program {
            command,
            directory: draft.to_owned(),
            variables: Vec::new(),
            user: self.user,
            stop: StopSignal::Int,
            grace: Duration::from_secs(3),
            mark: folder.mark("initdb"),
        }
    }

    fn cannot_be_made(&self, err: &io::Error) -> Failure {
        Failure::ours(format!("cannot make a database cluster in {}", self.data.display())).because(err)
    }
}

/// Postgres refuses to run as root: there it runs as somebody who owns nothing else of ours.
fn user() -> Result<Option<User>, Failure> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = ["postgres", "nobody"].iter().find_map(|name| find_user(&passwd, name));

    user.map(Some).ok_or_else(|| {
        Failure::input("Postgres does not run as root, and there is neither a user `postgres` nor a user `nobody`")
            .hint("run `meetbox dev` as somebody else than root")
    })
}

fn find_user(passwd: &str, name: &str) -> Option<User> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut ids = line.split(':').skip(2).map(str::parse);

    Some(User { uid: ids.next()?.ok()?, gid: ids.next()?.ok()? })
}

/// The folder of the cluster, which `user` owns and can reach.
fn data(folder: &Folder, user: Option<User>) -> io::Result<PathBuf> {
    let own = folder.path(NAME);
    let Some(user) = user else {
        make(&own, None)?;
        return Ok(own);
    };
    if !own.is_symlink() && can_reach(&folder.path(""), user) {
        make(&own, Some(user))?;
        return Ok(own);
    }

    let place = Path::new(ELSEWHERE).join(format!("meetbox-{}", fingerprint(&folder.path(""))));
    make(&place, Some(user))?;
    // For those who look for it; that it is there already is fine.
    let _ = symlink(&place, &own);
    Ok(place)
}

fn make(place: &Path, owner: Option<User>) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(place) {
        Err(err) if err.kind() != io::ErrorKind::AlreadyExists => return Err(err),
        _ => {}
    }
    let Some(User { uid, gid }) = owner else { return Ok(()) };

    // Somebody may have put a folder of theirs, or a link, where everybody may write.
    let found = fs::symlink_metadata(place)?;
    if !found.is_dir() || ![0, uid].contains(&found.uid()) {
        return Err(io::Error::other(format!("{} belongs to somebody else", place.display())));
    }
    chown(place, Some(uid), Some(gid))?;
    fs::set_permissions(place, Permissions::from_mode(0o700))
}

/// Whether `user` may pass through every folder on the way to `place`.
fn can_reach(place: &Path, user: User) -> bool {
    place.canonicalize().is_ok_and(|place| {
        place.ancestors().all(|folder| {
            fs::metadata(folder).is_ok_and(|found| {
                let bit = match () {
                    () if found.uid() == user.uid => 0o100,
                    () if found.gid() == user.gid => 0o010,
                    () => 0o001,
                };
                found.mode() & bit != 0
            })
        })
    })
}

fn fingerprint(place: &Path) -> String {
    let place = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let digest = Sha256::digest(place.as_os_str().as_encoded_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The folder of the server's programs: of the version that made the data, else of the newest.
fn programs(data: &Path, environment: &Environment) -> Result<PathBuf, Failure> {
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| folder.join("initdb").exists())
        .collect();
    versions.sort();

    let made_by = fs::read_to_string(data.join("PG_VERSION")).ok().and_then(|version| version.trim().parse().ok());
    let fitting = versions.iter().rev().find(|(version, _)| made_by.is_none_or(|made_by: u32| made_by == *version));
    let on_path = environment.find_program("initdb").and_then(|initdb| Some(initdb.parent()?.to_owned()));

    fitting.map(|(_, folder)| folder.clone()).or(on_path).ok_or_else(|| match made_by {
        Some(version) => Failure::input(format!("the data in {} needs Postgres {version}", data.display()))
            .hint("install that version, or move the folder away to start with an empty database"),
        None => Failure::input("there is no Postgres on this machine").hint(INSTALL),
    })
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{User, can_reach, find_user, fingerprint, make};

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let passwd = "root:x:0:0::/:/bin/sh\npostgres-admin:x:7:7::/:\npostgres:x:101:104::/var/lib:/bin/bash\n";

        assert_eq!(find_user(passwd, "postgres"), Some(User { uid: 101, gid: 104 }));
        assert_eq!(find_user(passwd, "nobody"), None);
    }

    #[test]
    fn a_folder_is_in_reach_when_every_folder_on_the_way_lets_pass() {
        let stranger = User { uid: 64_000, gid: 64_000 };
        let outer = tempfile::tempdir_in("/tmp").unwrap();
        let inner = outer.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let allow = |mode| fs::set_permissions(outer.path(), fs::Permissions::from_mode(mode)).unwrap();

        allow(0o711);
        assert!(can_reach(&inner, stranger));
        allow(0o700);
        assert!(!can_reach(&inner, stranger));
    }

    #[test]
    fn each_folder_has_its_own_place_elsewhere() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());

        assert_eq!(fingerprint(one.path()), fingerprint(&one.path().join(".")));
        assert_ne!(fingerprint(one.path()), fingerprint(other.path()));
    }

    #[test]
    fn a_link_that_somebody_has_put_there_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();

        assert!(make(&link, Some(User { uid: 64_000, gid: 64_000 })).is_err());
    }
}
