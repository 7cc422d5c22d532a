//! Where settings come from: the environment, files that hold secrets, a developer's `.env`, an installation's file.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// The file that a developer may keep settings in, looked for in the working directory.
pub const DOTENV: &str = ".env";

/// The settings of an installation, with secrets in it: only root may read it.
const INSTALLED: &str = "/etc/meetbox/meetbox.env";
/// The same file as a service gets it that does not run as root: systemd lays it into a folder for that service alone.
// Source: systemd.exec(5), LoadCredential= and $CREDENTIALS_DIRECTORY.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
const CREDENTIAL: &str = "meetbox.env";

/// Everything that settings are read from. Loading asks nothing else, so that a test can hand in a whole world.
#[derive(Clone, Debug, Default)]
pub struct Source {
    variables: BTreeMap<String, String>,
    files: Files,
}

/// The files that settings may name.
#[derive(Clone, Debug, Default)]
enum Files {
    /// Those of this machine.
    Disk,
    /// These and no others.
    #[default]
    Nothing,
    Given(BTreeMap<PathBuf, String>),
    /// Those of this machine, but for an installation's settings, which are these.
    Installed(String),
}

impl Source {
    /// The real environment and the files of this machine.
    ///
    /// Bytes that are not text become U+FFFD, which no setting accepts: a value that was damaged is refused
    /// and not silently changed.
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the environment")]
    pub fn from_process() -> Self {
        let variables = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        Self { variables, files: Files::Disk }
    }

    /// These variables and no files.
    pub fn of<N: Into<String>, V: Into<String>>(variables: impl IntoIterator<Item = (N, V)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables, files: Files::Nothing }
    }

    /// An installation whose settings are these; the files that they name are this machine's.
    pub fn installation(settings: impl Into<String>) -> Self {
        Self { variables: BTreeMap::new(), files: Files::Installed(settings.into()) }
    }

    /// The same with `name` set, as if it stood in the real environment.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// The same with a file in it. Files of this machine are no longer looked at.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        let mut given = match self.files {
            Files::Given(given) => given,
            Files::Disk | Files::Nothing | Files::Installed(_) => BTreeMap::new(),
        };
        given.insert(path.into(), text.into());
        self.files = Files::Given(given);
        self
    }

    /// What the real environment says under `name`.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The real environment.
    pub(super) fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Where an installation's settings may stand; the first that is there counts.
    pub(super) fn installed(&self) -> Vec<PathBuf> {
        let credential = self.variable(CREDENTIALS).map(|folder| Path::new(folder).join(CREDENTIAL));
        credential.into_iter().chain([PathBuf::from(INSTALLED)]).collect()
    }

    /// The text of a file.
    pub(super) fn read(&self, path: &Path) -> io::Result<String> {
        match &self.files {
            Files::Installed(text) if path == Path::new(INSTALLED) => Ok(text.clone()),
            Files::Disk | Files::Installed(_) => std::fs::read_to_string(path),
            Files::Nothing => Err(io::ErrorKind::NotFound.into()),
            Files::Given(files) => files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into()),
        }
    }
}
