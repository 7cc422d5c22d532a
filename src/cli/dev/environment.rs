//! What the developer's environment already says, and so what need not be started.

use std::{collections::BTreeMap, path::PathBuf};

use super::Args;
use crate::{
    cli::Failure,
    config::{Source, developer_variables},
};

/// The variables of the environment and of `.env`.
pub struct Environment {
    variables: BTreeMap<String, String>,
}

/// The TCP ports of what is started; LiveKit takes two more after its own.
pub struct Ports {
    pub web: u16,
    pub api: u16,
    pub livekit: u16,
    pub postgres: u16,
    pub redis: u16,
}

/// A LiveKit that the environment points at.
pub struct LivekitElsewhere {
    pub url: String,
    pub api_key: String,
    pub api_secret: String,
}

impl Environment {
    /// Reads it.
    pub fn read() -> Self {
        Self { variables: developer_variables(&Source::from_process()) }
    }

    /// What is said under `name`; nothing and the empty text are the same.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Where programs are looked for.
    pub fn path(&self) -> &str {
        self.get("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin")
    }

    /// The program that a shell would find under `name`.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(self.path()).map(|folder| folder.join(name)).find(|path| path.is_file())
    }

    /// The LiveKit that the environment points at, which it must do in full.
    pub fn livekit(&self) -> Result<Option<LivekitElsewhere>, Failure> {
        let Some(url) = self.get("LIVEKIT_URL") else { return Ok(None) };

        match (self.get("LIVEKIT_API_KEY"), self.get("LIVEKIT_API_SECRET")) {
            (Some(key), Some(secret)) => {
                Ok(Some(LivekitElsewhere { url: url.into(), api_key: key.into(), api_secret: secret.into() }))
            }
            _ => Err(Failure::input("LIVEKIT_URL is set, and LIVEKIT_API_KEY or LIVEKIT_API_SECRET is not")
                .hint("set all three to use that LiveKit, or none to have one started here")),
        }
    }

    /// The ports: as the command line has them, else as the environment has them, else the usual ones.
    ///
    /// Postgres and Redis stand away from their well-known ports, where the system's own may be.
    pub fn ports(&self, args: &Args) -> Result<Ports, Failure> {
        Ok(Ports {
            web: self.port(args.web_port, "WEB_PORT", 3000)?,
            api: self.port(args.port, "PORT", 3001)?,
            livekit: self.port(args.livekit_port, "LIVEKIT_PORT", 7880)?,
            postgres: self.port(args.postgres_port, "POSTGRES_PORT", 15432)?,
            redis: self.port(args.redis_port, "REDIS_PORT", 16379)?,
        })
    }

    fn port(&self, argument: Option<u16>, name: &str, usual: u16) -> Result<u16, Failure> {
        if let Some(port) = argument {
            return Ok(port);
        }
        let Some(text) = self.get(name) else { return Ok(usual) };
        match text.parse() {
            Ok(port @ 1..) => Ok(port),
            _ => Err(Failure::input(format!("{name} is not a port: `{text}`")).hint(format!("such as {name}={usual}"))),
        }
    }
}
