//! Reads settings one by one and keeps every problem on the way, so that all are told together.

use std::{collections::BTreeMap, net::IpAddr, path::Path, path::PathBuf, time::Duration};

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use super::{
    Environment,
    kind::{Kind, Value},
    problem::{Problem, Warning},
    source::Source,
    table::{Required, Setting},
};

/// A value longer than this is cut when a problem shows it.
const SHOWN: usize = 60;

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// Reads from the real environment, and where that is silent from the file beside it.
pub(super) struct Reader<'a> {
    pub(super) environment: Environment,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Warning>,
    source: &'a Source,
    file: &'a BTreeMap<String, String>,
}

/// What is known about a setting before its form is looked at.
enum Found {
    Text(String),
    /// Nothing, or nothing but the empty text.
    Nothing {
        empty: bool,
    },
    /// It is there and cannot be used; the problem is already kept.
    Unusable,
}

impl<'a> Reader<'a> {
    pub(super) fn new(environment: Environment, source: &'a Source, file: &'a BTreeMap<String, String>) -> Self {
        Self { environment, problems: Vec::new(), warnings: Vec::new(), source, file }
    }

    pub(super) fn refuse(&mut self, setting: &Setting, problem: impl Into<String>) {
        self.problems.push(Problem::new(setting, problem));
    }

    pub(super) fn warn(&mut self, variable: &str, message: impl Into<String>) {
        self.warnings.push(Warning { variable: variable.to_owned(), message: message.into() });
    }

    /// Whether anything at all is said about the setting.
    pub(super) fn is_given(&self, setting: &Setting) -> bool {
        let file = setting.file_variable();
        [Some(setting.name), file.as_deref()].into_iter().flatten().any(|name| {
            let said = self.source.variable(name).or_else(|| self.file.get(name).map(String::as_str));
            said.is_some_and(|value| !value.is_empty())
        })
    }

    pub(super) fn text(&mut self, setting: &Setting) -> Option<String> {
        if let Value::Text(text) = self.value(setting)? { Some(text) } else { None }
    }

    pub(super) fn flag(&mut self, setting: &Setting) -> Option<bool> {
        if let Value::Flag(flag) = self.value(setting)? { Some(flag) } else { None }
    }

    /// A number; its setting's bounds see to it that it fits into `N`.
    pub(super) fn number<N: TryFrom<u64>>(&mut self, setting: &Setting) -> Option<N> {
        if let Value::Number(number) = self.value(setting)? { N::try_from(number).ok() } else { None }
    }

    pub(super) fn seconds(&mut self, setting: &Setting) -> Option<Duration> {
        self.number(setting).map(Duration::from_secs)
    }

    pub(super) fn days(&mut self, setting: &Setting) -> Option<Duration> {
        self.number(setting).map(|days: u64| Duration::from_secs(days * SECONDS_A_DAY))
    }

    pub(super) fn address(&mut self, setting: &Setting) -> Option<IpAddr> {
        if let Value::Address(address) = self.value(setting)? { Some(address) } else { None }
    }

    pub(super) fn networks(&mut self, setting: &Setting) -> Option<Vec<IpNet>> {
        let values = self.list(setting)?;
        values.into_iter().map(|value| if let Value::Network(network) = value { Some(network) } else { None }).collect()
    }

    /// Addresses of whole sites, as browsers write them in `Origin`.
    pub(super) fn origins(&mut self, setting: &Setting) -> Option<Vec<String>> {
        let values = self.list(setting)?;
        let origin = |value| if let Value::Url(url) = value { Some(url.origin().ascii_serialization()) } else { None };
        values.into_iter().map(origin).collect()
    }

    pub(super) fn texts(&mut self, setting: &Setting) -> Option<Vec<String>> {
        let values = self.list(setting)?;
        values.into_iter().map(|value| if let Value::Text(text) = value { Some(text) } else { None }).collect()
    }

    fn list(&mut self, setting: &Setting) -> Option<Vec<Value>> {
        if let Value::List(values) = self.value(setting)? { Some(values) } else { None }
    }

    pub(super) fn url(&mut self, setting: &Setting) -> Option<Url> {
        if let Value::Url(url) = self.value(setting)? { Some(url) } else { None }
    }

    pub(super) fn folder(&mut self, setting: &Setting) -> Option<PathBuf> {
        if let Value::Folder(folder) = self.value(setting)? { Some(folder) } else { None }
    }

    /// A secret that must not be one that everybody knows; `weakness` judges it outside local.
    pub(super) fn secret(
        &mut self,
        setting: &Setting,
        weakness: impl FnOnce(&Setting, &str) -> Option<String>,
    ) -> Option<SecretString> {
        self.strong_text(setting, weakness).map(SecretString::from)
    }

    /// The same for half a secret, which is shown: the name of a key.
    pub(super) fn strong_text(
        &mut self,
        setting: &Setting,
        weakness: impl FnOnce(&Setting, &str) -> Option<String>,
    ) -> Option<String> {
        // As it was written: an address that is put together again may have changed.
        let (text, _) = self.text_and_value(setting)?;
        if self.environment == Environment::Local {
            return Some(text);
        }
        match weakness(setting, &text) {
            None => Some(text),
            Some(problem) => {
                self.refuse(setting, problem);
                None
            }
        }
    }

    fn value(&mut self, setting: &Setting) -> Option<Value> {
        self.text_and_value(setting).map(|(_, value)| value)
    }

    /// What is said about the setting, or its default, as it stands there and in the form that it asks for.
    fn text_and_value(&mut self, setting: &Setting) -> Option<(String, Value)> {
        let text = match self.find(setting) {
            Found::Text(text) => text,
            Found::Unusable => return None,
            Found::Nothing { empty } => {
                let Some(default) = setting.default_in(self.environment) else {
                    self.miss(setting, empty);
                    return None;
                };
                default.to_owned()
            }
        };
        match setting.kind.parse(&text) {
            Ok(value) => Some((text, value)),
            Err(problem) if shows_its_value(setting) => {
                self.refuse(setting, format!("{problem}: `{}`", shown(&text)));
                None
            }
            Err(problem) => {
                self.refuse(setting, problem);
                None
            }
        }
    }

    fn miss(&mut self, setting: &Setting, empty: bool) {
        let state = if empty { "is empty" } else { "is not set" };
        match setting.required {
            Required::WithItsSection => {
                self.refuse(setting, format!("{state}, while others of its section are: they go together"));
            }
            Required::In(_) if setting.is_required_in(self.environment) => self.refuse(setting, state),
            Required::In(_) | Required::Never => {}
        }
    }

    /// Looks in the real environment first: when that says anything about the setting, `.env` is not asked.
    fn find(&mut self, setting: &Setting) -> Found {
        let (source, file) = (self.source, self.file);
        let mut empty = false;
        for layer in [source.variables(), file] {
            let value = layer.get(setting.name);
            let file = setting.file_variable().and_then(|name| layer.get(&name).map(|path| (name, path)));
            empty |= value.is_some();

            let value = value.filter(|value| !value.is_empty());
            let file = file.filter(|(_, path)| !path.is_empty());
            match (value, file) {
                (None, None) => {}
                (Some(value), None) => return Found::Text(value.clone()),
                (None, Some((name, path))) => return self.read_file(setting, &name, Path::new(path)),
                (Some(_), Some((name, _))) => {
                    self.refuse(setting, format!("is set, and {name} as well: only one of them may be"));
                    return Found::Unusable;
                }
            }
        }
        Found::Nothing { empty }
    }

    fn read_file(&mut self, setting: &Setting, variable: &str, path: &Path) -> Found {
        let shown = shown(&path.to_string_lossy());
        match self.source.read(path) {
            Ok(text) => {
                // Editors and `echo` end a file with a new line that nobody means.
                let text = text.strip_suffix('\n').unwrap_or(&text);
                let text = text.strip_suffix('\r').unwrap_or(text);
                if text.is_empty() {
                    self.refuse(setting, format!("comes from {variable}, but `{shown}` is empty"));
                    return Found::Unusable;
                }
                Found::Text(text.to_owned())
            }
            Err(err) => {
                self.refuse(setting, format!("comes from {variable}, but `{shown}` cannot be read: {err}"));
                Found::Unusable
            }
        }
    }
}

/// Addresses and keys are not shown even when they are no secret: somebody may have put one there by mistake.
fn shows_its_value(setting: &Setting) -> bool {
    !setting.secret && may_be_shown(setting.kind)
}

fn may_be_shown(kind: Kind) -> bool {
    match kind {
        Kind::Choice(_) | Kind::Flag | Kind::Number { .. } | Kind::Address | Kind::Network | Kind::LogFilter => true,
        Kind::Url(_) | Kind::Name { .. } | Kind::Key { .. } | Kind::Text { .. } | Kind::Folder => false,
        Kind::List(kind) => may_be_shown(*kind),
    }
}

/// A value that fits on a line and cannot disturb the terminal.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().count() > SHOWN {
        shown.push('…');
    }
    shown
}
