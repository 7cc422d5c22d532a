//! What an installation is made of, worked out from answers, settings and machine, and compared with what is there.

use std::{fs, io, path::Path};

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    Args,
    answers::Answers,
    changes::{self, Change},
    machine, settings_file,
};
use crate::{
    assets::appliance::{Appliance, EGRESS_HEALTH_PORT, EGRESS_METRICS_PORT, RESCUE},
    cli::{Failure, egress_config},
    config::{Loaded, Settings, Source, Warning},
};

/// Caddy's additions that the operator makes.
const CADDY_FOLDER: &str = "etc/meetbox/caddy.d";
const COMPOSE_FOLDER: &str = "etc/meetbox/compose.d";

/// An installation as it is to be.
pub struct Plan {
    pub settings: Settings,
    /// What may be wrong with them.
    pub warnings: Vec<Warning>,
    /// Whether backups get a passphrase that nobody has seen yet.
    pub passphrase_is_new: bool,
    /// How many files belong to it.
    pub files: usize,
    /// Those that are not yet as they are to be.
    pub changes: Vec<Change>,
}

impl Plan {
    /// Works it out; writes nothing.
    pub fn make(root: &Path, args: &Args, answers: &Answers) -> Result<Self, Failure> {
        let (settings_file, passphrase_is_new) = settings_file::keep_or_make(root, args)?;
        let Loaded { settings, warnings } = Settings::load(&Source::installation(&settings_file.text))?;
        let mut files = appliance(root, answers, &settings)?
            .files()
            .map_err(|err| Failure::input("cannot fill in a template").because(&err))?;
        files.push(answers.file()?);
        files.push(settings_file);
        Ok(Self { settings, warnings, passphrase_is_new, files: files.len(), changes: changes::between(root, files)? })
    }

    /// Writes what is not as it is to be.
    pub fn write(&self, root: &Path) -> Result<(), Failure> {
        for folder in [COMPOSE_FOLDER, CADDY_FOLDER] {
            let path = root.join(folder);
            fs::create_dir_all(&path)
                .map_err(|err| Failure::input(format!("cannot make {}", path.display())).because(&err))?;
        }
        self.changes.iter().try_for_each(Change::make)
    }
}

fn appliance(root: &Path, answers: &Answers, settings: &Settings) -> Result<Appliance, Failure> {
    let capacity = egress_config::capacity(settings, answers.cores, None);
    let egress = egress_config::egress(settings, capacity, RESCUE, [EGRESS_HEALTH_PORT, EGRESS_METRICS_PORT])?;
    let machine = machine::find(answers, capacity.cores)?;
    let public_url = settings.http.public_url.as_ref().and_then(Url::host_str);

    Ok(Appliance {
        domain: public_url.ok_or_else(|| Failure::input("PUBLIC_URL has no host"))?.to_owned(),
        acme_email: answers.email.clone(),
        certificate: answers.certificate.into(),
        machine,
        livekit_key: settings.livekit.api_key.clone(),
        livekit_secret: settings.livekit.api_secret.expose_secret().to_owned(),
        postgres_password: password(settings.database.url.expose_secret()),
        redis_password: egress.redis.password.clone(),
        egress,
        images: answers.images.clone(),
        compose_files: files_in(root, COMPOSE_FOLDER, &[".yaml"])?,
        caddy_additions: caddy_additions(root)?,
    })
}

/// The password in an address; empty when there is none.
fn password(url: &str) -> String {
    let url = Url::parse(url).ok();
    let password = url.as_ref().and_then(Url::password).unwrap_or_default();
    percent_encoding::percent_decode_str(password).decode_utf8_lossy().into_owned()
}

/// What the operator adds in a folder of theirs, in the order of the names; from the folder of the settings.
fn files_in(root: &Path, folder: &str, endings: &[&str]) -> Result<Vec<String>, Failure> {
    let path = root.join(folder);
    let cannot = |err: io::Error| Failure::input(format!("cannot read {}", path.display())).because(&err);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(cannot(err)),
    };
    let short = folder.rsplit('/').next().unwrap_or(folder);
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(cannot)?.file_name().to_string_lossy().into_owned();
        if endings.iter().any(|ending| name.ends_with(ending)) {
            names.push(format!("{short}/{name}"));
        }
    }
    names.sort();
    Ok(names)
}

/// A sum of what the operator adds to Caddy's configuration.
fn caddy_additions(root: &Path) -> Result<Vec<u8>, Failure> {
    let mut sum = Sha256::new();
    for name in files_in(root, CADDY_FOLDER, &[".caddy", ".site"])? {
        let path = root.join("etc/meetbox").join(&name);
        let text =
            fs::read(&path).map_err(|err| Failure::input(format!("cannot read {}", path.display())).because(&err))?;
        sum.update(name);
        sum.update([0]);
        sum.update(text);
    }
    Ok(sum.finalize().to_vec())
}
