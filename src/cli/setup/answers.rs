//! What setup was told, so that it need not be told again: `/etc/meetbox/setup.json`.

use std::{collections::BTreeMap, fs, io, net::Ipv4Addr, path::Path};

use serde::{Deserialize, Serialize};

use super::Args;
use crate::{
    assets::appliance::{Certificate, ConfigFile, IMAGES},
    cli::Failure,
};

/// Where it stands, from the root of the file system.
const FILE: &str = "etc/meetbox/setup.json";

/// What the files are made of besides settings and machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Answers {
    /// Whom the certificate authority may write to.
    pub email: Option<String>,
    pub certificate: Source,
    /// The address that the world dials, when it is not to be asked for.
    pub public_address: Option<Ipv4Addr>,
    /// What is said of the machine, where it is not to be found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Ipv4Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<u16>,
    /// The digests of the images that were fetched, by their names: nobody says these, setup finds them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, String>,
}

/// Where the certificate comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A public authority, by ACME: the domain must lead here
    #[default]
    Acme,
    /// An authority of Caddy's own, which browsers do not know
    Internal,
}

impl From<Source> for Certificate {
    fn from(source: Source) -> Self {
        match source {
            Source::Acme => Self::Acme,
            Source::Internal => Self::Internal,
        }
    }
}

impl Answers {
    /// Those of the time before; none when there was none.
    pub fn kept(root: &Path) -> Result<Self, Failure> {
        let path = root.join(FILE);
        match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|err| Failure::input(format!("cannot understand {}", path.display())).because(&err)),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(err) => Err(Failure::input(format!("cannot read {}", path.display())).because(&err)),
        }
    }

    /// Those of the time before, and what the arguments say now.
    pub fn gather(root: &Path, args: &Args) -> Result<Self, Failure> {
        let kept = Self::kept(root)?;
        Ok(Self {
            email: args.email.clone().or(kept.email),
            certificate: args.certificate.unwrap_or(kept.certificate),
            public_address: args.public_address.or(kept.public_address),
            interface: args.interface.clone().or(kept.interface),
            address: args.address.or(kept.address),
            cores: args.cores.or(kept.cores),
            // Those of another version say nothing of this one's.
            images: kept.images.into_iter().filter(|(image, _)| IMAGES.contains(&image.as_str())).collect(),
        })
    }

    /// The file that keeps them.
    pub fn file(&self) -> Result<ConfigFile, Failure> {
        let text = serde_json::to_string_pretty(self);
        let text = text.map_err(|err| Failure::ours("cannot put the answers into JSON").because(&err))?;
        Ok(ConfigFile { path: FILE, mode: 0o644, text: text + "\n" })
    }
}
