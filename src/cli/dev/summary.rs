//! What is told when everything is there: where it is, and what to try first.

use std::{fmt, path::PathBuf};

use super::access::Access;

/// Where everything is.
#[derive(Clone)]
pub struct Summary {
    /// `None`: the web app is not run.
    pub app: Option<String>,
    pub api_port: u16,
    pub livekit: String,
    /// Whether recordings are files that say that nothing was recorded.
    pub records_in_name: bool,
    pub livekit_key: String,
    /// `None`: it is not ours to show.
    pub livekit_secret: Option<String>,
    pub postgres: String,
    pub redis: String,
    pub logs: PathBuf,
    pub settings: PathBuf,
}

impl Summary {
    /// The text, with the ways in.
    pub fn told(&self, access: &Access) -> String {
        Told { summary: self, access }.to_string()
    }
}

struct Told<'a> {
    summary: &'a Summary,
    access: &'a Access,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary.places(f)?;
        let api = format!("http://127.0.0.1:{}", self.summary.api_port);
        let key = &self.access.api_key;
        if let Some(link) = &self.access.setup_link {
            writeln!(f, "Nobody can sign in yet. Make the first account here, within the hour:\n\n  {link}\n")?;
        }
        writeln!(f, "A token for a meeting, with an API key that may do everything:\n")?;
        writeln!(f, "  curl {api}/token -H 'authorization: Bearer {key}' \\")?;
        writeln!(f, "    -H 'content-type: application/json' -d '{{\"room_name\":\"blue-heron\",\"name\":\"Ada\"}}'\n")
    }
}

impl Summary {
    fn places(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let api = format!("http://127.0.0.1:{}", self.api_port);

        writeln!(f, "\nMeetbox is up; Ctrl-C stops it.\n")?;
        if let Some(app) = &self.app {
            writeln!(f, "  app         {app}")?;
        }
        writeln!(f, "  API         {api}")?;
        writeln!(f, "  Swagger UI  {api}/docs")?;
        writeln!(f, "  LiveKit     {}", self.livekit)?;
        match &self.livekit_secret {
            Some(secret) => writeln!(f, "              key {}, secret {secret}", self.livekit_key)?,
            None => {
                writeln!(f, "              key {}; its webhook must lead to {api}/livekit/webhook", self.livekit_key)?
            }
        }
        if self.records_in_name {
            writeln!(
                f,
                "  recorder    a STAND-IN (--fake-egress): recordings are files that say that nothing was recorded"
            )?;
        }
        writeln!(f, "  Postgres    {}", self.postgres)?;
        writeln!(f, "  Redis       {}", self.redis)?;
        writeln!(f, "  logs        {}", self.logs.display())?;
        writeln!(f, "  settings    {} (for a shell: `set -a; . .meetbox/env`)\n", self.settings.display())?;
        Ok(())
    }
}
