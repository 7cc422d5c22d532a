//! What a value may look like: one description gives the parser, the error and the documentation.

use std::{net::IpAddr, path::PathBuf};

use ipnet::{IpNet, Ipv4Net};
use url::{Host, Url};

/// The form of a setting's value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One of these words.
    Choice(&'static [&'static str]),
    Flag,
    /// A whole number within these bounds, counted in `unit` when it counts something.
    Number {
        least: u64,
        most: u64,
        unit: &'static str,
    },
    /// An address of this machine to listen on.
    Address,
    /// An address or a network of them.
    Network,
    Url(UrlForm),
    /// Letters, digits, `-`, `_` and `.`.
    Name {
        longest: usize,
    },
    /// Printable ASCII without white space, at least this long outside local.
    Key {
        shortest: usize,
    },
    /// What people read: at least one character, at most this many.
    Text {
        longest: usize,
    },
    /// What `tracing` lets through.
    LogFilter,
    Folder,
    /// Values of this kind, separated by commas; at least one.
    List(&'static Kind),
}

/// What an address must have besides its scheme.
#[derive(Clone, Copy, Debug)]
pub struct UrlForm {
    pub schemes: &'static [&'static str],
    pub path: UrlPath,
    /// Whether a user, a password and parameters may stand in it. They are refused elsewhere, because such an
    /// address is shown and logged.
    pub credentials: bool,
    /// Whether it names a host; Postgres may be reached through a socket instead.
    pub host: bool,
}

/// What may follow the host.
#[derive(Clone, Copy, Debug)]
pub enum UrlPath {
    Any,
    /// Nothing may follow.
    Nothing,
    /// The name of a database must follow.
    Database,
    /// The number of a Redis database may follow.
    Number,
}

/// A value that has the form its setting asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Flag(bool),
    Number(u64),
    Address(IpAddr),
    Network(IpNet),
    Url(Url),
    Folder(PathBuf),
    List(Vec<Value>),
}

const SSL_MODES: &[&str] = &["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

const LOG_LEVELS: &[&str] = &["off", "error", "warn", "info", "debug", "trace"];

impl Kind {
    /// Reads a value, or says what is wrong with it without repeating it.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        if text.chars().any(|char| char.is_control() || char == '\u{fffd}') {
            return Err("holds control characters or bytes that are not text".into());
        }
        if text.trim() != text {
            return Err("begins or ends with white space".into());
        }
        match self {
            Self::Choice(words) => one_of(text, words),
            Self::Flag => match text {
                "true" => Ok(Value::Flag(true)),
                "false" => Ok(Value::Flag(false)),
                _ => Err("is neither `true` nor `false`".into()),
            },
            Self::Number { least, most, .. } => number(text, least, most),
            Self::Address => text.parse().map(Value::Address).map_err(|_| "is not an IP address".into()),
            Self::Network => network(text).map(Value::Network),
            Self::Url(form) => form.parse(text).map(Value::Url),
            Self::Name { longest } => name(text, longest),
            Self::Key { .. } => {
                let printable = text.chars().all(|char| char.is_ascii_graphic());
                if printable { Ok(Value::Text(text.to_owned())) } else { Err("has characters that no key has".into()) }
            }
            Self::Text { longest } => {
                if text.chars().count() > longest {
                    Err("is too long".into())
                } else {
                    Ok(Value::Text(text.to_owned()))
                }
            }
            Self::LogFilter => log_filter(text),
            Self::Folder => Ok(Value::Folder(PathBuf::from(text))),
            Self::List(kind) => list(text, *kind),
        }
    }

    /// What is valid, in words that continue "valid: …".
    pub fn valid(self) -> String {
        match self {
            Self::Choice(words) => listed(words),
            Self::Flag => "true or false".into(),
            Self::Number { least, most, unit: "" } => format!("a whole number from {least} to {most}"),
            Self::Number { least, most, unit } => format!("a whole number of {unit} from {least} to {most}"),
            Self::Address => "an IPv4 or IPv6 address".into(),
            Self::Network => "an IPv4 or IPv6 address, or a network of them as in 10.0.0.0/8".into(),
            Self::Url(form) => form.valid(),
            Self::Name { longest } => format!("up to {longest} letters, digits, `-`, `_` and `.`"),
            Self::Key { shortest: 0 | 1 } => "printable ASCII characters without white space".into(),
            Self::Key { shortest } => {
                format!("printable ASCII characters without white space, outside local at least {shortest} of them")
            }
            Self::Text { longest } => format!("a text of up to {longest} characters"),
            Self::LogFilter => "a level (off, error, warn, info, debug, trace) and after it, separated by commas, \
                                levels for parts, as in info,meetbox=debug"
                .into(),
            Self::Folder => "a folder that Meetbox may write to; it is made when it is absent".into(),
            Self::List(kind) => format!("one or more, separated by commas, each {}", kind.valid()),
        }
    }
}

impl UrlForm {
    fn parse(self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|err| format!("is not an address: {err}"))?;

        if !self.schemes.contains(&url.scheme()) {
            return Err(format!("does not begin with {}", scheme_list(self.schemes)));
        }
        if self.host && url.host_str().is_none_or(str::is_empty) {
            return Err("names no host".into());
        }
        let extras = !url.username().is_empty() || url.password().is_some() || url.query().is_some();
        if !self.credentials && extras {
            return Err("holds a user, a password or parameters, which do not belong there".into());
        }
        if url.fragment().is_some() {
            return Err("has a `#` in it; in a password it is written %23".into());
        }
        match self.path {
            UrlPath::Any => {}
            UrlPath::Nothing => {
                if url.path() != "/" {
                    return Err("has a path after the host".into());
                }
            }
            UrlPath::Database => {
                if url.path().trim_matches('/').is_empty() {
                    return Err("names no database".into());
                }
                let ssl_mode = url.query_pairs().find(|(name, _)| name == "sslmode" || name == "ssl-mode");
                if ssl_mode.is_some_and(|(_, mode)| !SSL_MODES.contains(&&*mode)) {
                    return Err("has an sslmode that Postgres does not know".into());
                }
            }
            UrlPath::Number => {
                let path = url.path().trim_matches('/');
                if !path.is_empty() && path.parse::<u32>().is_err() {
                    return Err("names a database by something other than a number".into());
                }
            }
        }
        Ok(url)
    }

    fn valid(self) -> String {
        let what = match self.path {
            UrlPath::Any => "",
            UrlPath::Nothing => " and ends with the host or its port",
            UrlPath::Database => " and names a database",
            UrlPath::Number => " and may end with the number of a database",
        };
        let encoded =
            if self.credentials { "; special characters in a password are percent-encoded (@ is %40)" } else { "" };
        format!("an address that begins with {}{what}{encoded}", scheme_list(self.schemes))
    }
}

/// Whether an address can only mean this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn scheme_list(schemes: &[&str]) -> String {
    let schemes: Vec<_> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
    listed(&schemes.iter().map(String::as_str).collect::<Vec<_>>())
}

/// "one, two or three".
fn listed(words: &[&str]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

fn one_of(text: &str, words: &[&str]) -> Result<Value, String> {
    match words.iter().find(|word| **word == text) {
        Some(word) => Ok(Value::Text((*word).to_owned())),
        None => Err("is none of the words it may be".into()),
    }
}

fn number(text: &str, least: u64, most: u64) -> Result<Value, String> {
    // `parse` would also take a leading `+`.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err("is not a whole number".into());
    }
    match text.parse() {
        Ok(number) if number < least => Err("is too small".into()),
        Ok(number) if number <= most => Ok(Value::Number(number)),
        _ => Err("is too large".into()),
    }
}

/// A network by its prefix; an address alone is a network of one.
fn network(text: &str) -> Result<IpNet, String> {
    let network = match text.split_once('/') {
        None => text.parse().map(|address: IpAddr| IpNet::from(address)).map_err(|_| "is not an IP address".to_owned()),
        Some((address, prefix)) => {
            let address: IpAddr = address.parse().map_err(|_| "has no IP address before the `/`".to_owned())?;
            // As with any number: `parse` would also take a leading `+`.
            let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
            let prefix = if digits { prefix.parse().ok() } else { None };
            let most = if address.is_ipv4() { 32 } else { 128 };
            prefix
                .and_then(|prefix| IpNet::new(address, prefix).ok())
                .ok_or_else(|| format!("has something other than a number from 0 to {most} behind the `/`"))
        }
    }?;
    Ok(canonical(network.trunc()))
}

/// Addresses of IPv4 that are written as IPv6 (`::ffff:10.0.0.1`) are met as what they are.
fn canonical(network: IpNet) -> IpNet {
    /// How many bits say that the rest is an address of IPv4.
    const MAPPED: u8 = 96;
    let IpNet::V6(written) = network else { return network };
    let mapped = written.network().to_ipv4_mapped();
    let prefix = written.prefix_len().checked_sub(MAPPED);
    let plain = mapped.zip(prefix).and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
    plain.map_or(network, IpNet::V4)
}

fn list(text: &str, kind: Kind) -> Result<Value, String> {
    let parts: Vec<_> = text.split(',').map(str::trim).collect();
    let alone = parts.len() == 1;
    let read = |(at, part): (usize, &&str)| {
        let place =
            |problem: String| if alone { problem } else { format!("has a list whose value no. {} {problem}", at + 1) };
        if part.is_empty() { Err(place("is empty".into())) } else { kind.parse(part).map_err(place) }
    };
    parts.iter().enumerate().map(read).collect::<Result<_, _>>().map(Value::List)
}

fn name(text: &str, longest: usize) -> Result<Value, String> {
    let well_formed = text.chars().all(|char| char.is_ascii_alphanumeric() || "-_.".contains(char));
    if !well_formed {
        return Err("has characters other than letters, digits, `-`, `_` and `.`".into());
    }
    if text.len() > longest { Err("is too long".into()) } else { Ok(Value::Text(text.to_owned())) }
}

/// `tracing` takes a word that is no level for the name of a module and then shows everything of it: `inof`
/// would silence the log. Hence a part is named only together with its level.
fn log_filter(text: &str) -> Result<Value, String> {
    for part in text.split(',') {
        let (target, level) = part.split_once('=').map_or((None, part), |(target, level)| (Some(target), level));
        let named = target.is_none_or(|target| {
            !target.is_empty() && target.chars().all(|char| char.is_ascii_alphanumeric() || "_:".contains(char))
        });

        if !named {
            return Err("names a part with characters other than letters, digits, `_` and `::`".into());
        }
        if !LOG_LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
            return Err("has a level in it that there is not".into());
        }
    }
    Ok(Value::Text(text.to_owned()))
}
