//! Settings: the only place that reads the environment.
//!
//! One table (`table.rs`; each section's rows stand beside the struct that they fill) gives the parser, the
//! error texts, `.env.example` and `docs/settings.md`. Loading looks at a [`Source`] and at nothing else.

mod accounts;
mod backup;
mod cache;
mod database;
mod dotenv;
mod environment;
mod http;
mod kind;
mod limits;
mod livekit;
mod logs;
mod meetings;
mod oidc;
mod oracle;
mod problem;
mod reader;
mod recordings;
pub mod reference;
mod secrets;
mod source;
mod storage;
mod table;
#[cfg(test)]
mod tests;
mod unknown;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use self::reader::Reader;
pub use self::{
    accounts::AccountSettings,
    backup::BackupSettings,
    cache::RedisSettings,
    database::DatabaseSettings,
    environment::Environment,
    http::HttpSettings,
    kind::is_loopback,
    limits::LimitSettings,
    livekit::LivekitSettings,
    logs::{LogFormat, LogSettings},
    meetings::MeetingSettings,
    oidc::{OidcSettings, RoleRule},
    problem::{Problem, SettingsError, Warning},
    recordings::RecordingSettings,
    source::Source,
    storage::{FolderSettings, S3Settings, StorageSettings},
};

/// Everything that is set from outside, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    pub environment: Environment,
    pub http: HttpSettings,
    pub limits: LimitSettings,
    pub database: DatabaseSettings,
    pub redis: RedisSettings,
    pub livekit: LivekitSettings,
    pub accounts: AccountSettings,
    pub meetings: MeetingSettings,
    pub storage: StorageSettings,
    pub recordings: RecordingSettings,
    /// `None`: people sign in with local accounts only.
    pub oidc: Option<OidcSettings>,
    pub backup: BackupSettings,
    pub logs: LogSettings,
}

/// Settings that can be used, and what should be said about them all the same.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub settings: Settings,
    pub warnings: Vec<Warning>,
}

impl Settings {
    /// Reads the real environment, the files that it names, and the one beside it: a developer's `.env`, or what an
    /// installation keeps.
    pub fn from_process() -> Result<Loaded, SettingsError> {
        Self::load(&Source::from_process())
    }

    /// Reads every setting from `source`, and tells everything that is wrong at once.
    pub fn load(source: &Source) -> Result<Loaded, SettingsError> {
        let (environment, problem, warning) = Environment::of(source);
        let (file, malformed) = read_file(source, environment);

        let mut reader = Reader::new(environment, source, &file);
        reader.problems.extend(problem);
        reader.problems.extend(malformed);
        reader.warnings.extend(warning);
        let settings = read(&mut reader);

        let (problems, mut warnings) = (reader.problems, reader.warnings);
        let names = source.variables().keys().chain(file.keys());
        warnings.extend(names.filter_map(|name| unknown::warning(name)));

        match settings {
            Some(settings) if problems.is_empty() => Ok(Loaded { settings, warnings }),
            _ => Err(SettingsError { environment, problems, warnings }),
        }
    }
}

/// What a file of settings says, unchecked; lines that cannot be read are passed over.
pub fn file_values(text: &str) -> BTreeMap<String, String> {
    dotenv::parse(text).0
}

/// What the environment and `.env` say on a developer's machine, unchecked: `meetbox dev` asks what it need not start.
///
/// A variable that names a file with its value counts as set.
pub fn developer_variables(source: &Source) -> BTreeMap<String, String> {
    let (mut variables, _) = read_file(source, Environment::Local);
    variables.extend(source.variables().clone());

    let named = table::settings().filter_map(|setting| {
        let path = variables.get(&setting.file_variable()?).filter(|path| !path.is_empty())?;
        Some((setting.name.to_owned(), source.read(Path::new(path)).ok()?.trim_end().to_owned()))
    });
    let named: Vec<_> = named.filter(|(name, _)| variables.get(name).is_none_or(String::is_empty)).collect();
    variables.extend(named);
    variables
}

/// Reads all sections before it looks at any of them, so that each can tell its problems.
fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    let http = HttpSettings::read(reader);
    let limits = LimitSettings::read(reader);
    let database = DatabaseSettings::read(reader);
    let redis = RedisSettings::read(reader);
    let livekit = LivekitSettings::read(reader);
    let accounts = AccountSettings::read(reader);
    let meetings = MeetingSettings::read(reader);
    let recordings = RecordingSettings::read(reader);
    let storage = storage::read(reader);
    let oidc = oidc::read(reader, http.as_ref().and_then(|http| http.public_url.as_ref()));
    let backup = BackupSettings::read(reader);
    let logs = LogSettings::read(reader);

    Some(Settings {
        environment: reader.environment,
        http: http?,
        limits: limits?,
        database: database?,
        redis: redis?,
        livekit: livekit?,
        accounts: accounts?,
        meetings: meetings?,
        recordings: recordings?,
        storage: storage?,
        oidc: oidc?,
        backup: backup?,
        logs: logs?,
    })
}

/// The file beside the environment: a developer's `.env`, or what an installation keeps. `.env` is not even opened
/// elsewhere: a file that lies about in the working directory must not change how a server runs.
fn read_file(source: &Source, environment: Environment) -> (BTreeMap<String, String>, Vec<Problem>) {
    let places = match environment {
        Environment::Local => vec![PathBuf::from(source::DOTENV)],
        Environment::Staging | Environment::Production => source.installed(),
    };
    for path in places {
        match source.read(&path) {
            Ok(text) => return parsed(&path, &text),
            Err(err) if err.kind() == io::ErrorKind::NotFound => {}
            Err(err) => {
                let hint = match err.kind() {
                    io::ErrorKind::PermissionDenied => "; only root may: use sudo",
                    _ => "",
                };
                let problem = file_problem(path.display().to_string(), format!("cannot be read: {err}{hint}"));
                return (BTreeMap::new(), vec![problem]);
            }
        }
    }
    (BTreeMap::new(), Vec::new())
}

fn parsed(path: &Path, text: &str) -> (BTreeMap<String, String>, Vec<Problem>) {
    let (values, malformed) = dotenv::parse(text);
    let problems = malformed.iter().map(|line| {
        file_problem(format!("{}, line {}", path.display(), line.line), format!("cannot be read: {}", line.reason))
    });
    (values, problems.collect())
}

fn file_problem(variable: String, problem: String) -> Problem {
    Problem {
        variable,
        problem,
        purpose: "a file of settings".to_owned(),
        example: "PORT=3001".to_owned(),
        valid: "NAME=value, the value in quotes when white space or a # belongs to it; # begins a comment".to_owned(),
    }
}
