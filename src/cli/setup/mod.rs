//! `meetbox setup`: the configuration of a whole installation, made of a few answers, the settings and the machine.

mod answers;
pub mod changes;
mod machine;
mod settings_file;

use std::{
    fs, io,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use secrecy::ExposeSecret;
use url::Url;

use self::answers::{Answers, Source as CertificateSource};
use super::{Failure, egress_config, print};
use crate::{
    assets::appliance::{Appliance, ConfigFile, EGRESS_HEALTH_PORT, RESCUE},
    config::{Settings, Source},
};

/// What the operator has to do, and nobody else can.
const PASSPHRASE_IS_NEW: &str = "\
note: backups will be encrypted with BACKUP_PASSPHRASE, which was made now and stands in etc/meetbox/meetbox.env.
      Keep a copy of it elsewhere: a backup whose only key is on the machine that burnt down is worth nothing.
";

/// Arguments of `meetbox setup`.
#[derive(clap::Args)]
pub struct Args {
    /// Write everything below this folder, as if it were the root of the file system, and touch nothing else
    #[arg(long, value_name = "FOLDER")]
    render: PathBuf,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// The name under which people reach Meetbox, such as meet.example.org; needed the first time
    #[arg(long, value_parser = domain)]
    domain: Option<String>,
    /// The address that the certificate authority may write to
    #[arg(long, value_parser = email)]
    email: Option<String>,
    /// Where the certificate comes from; usually acme
    #[arg(long, value_enum)]
    certificate: Option<CertificateSource>,
    /// The address that the world dials; usually LiveKit asks a STUN server for it at each start
    #[arg(long, value_name = "IPV4")]
    public_address: Option<Ipv4Addr>,
    /// The network interface by which people come; usually the one of the default route
    #[arg(long)]
    interface: Option<String>,
    /// The address of that interface; usually the one that packets to the world come from
    #[arg(long, value_name = "IPV4")]
    address: Option<Ipv4Addr>,
    /// The cores of the machine; usually this one's
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=10000))]
    cores: Option<u16>,
}

/// Makes the files, or says what would change.
pub fn run(args: Args) -> Result<(), Failure> {
    let answers = Answers::gather(&args.render, &args)?;
    let (settings_file, made_passphrase) = settings_file::keep_or_make(&args.render, &args)?;
    let appliance = appliance(&args, &answers, &settings_file)?;
    let mut files = appliance.files().map_err(|err| Failure::input("cannot fill in a template").because(&err))?;
    files.push(answers.file()?);
    files.push(settings_file);

    let all = files.len();
    let changes = changes::between(&args.render, files)?;
    for change in &changes {
        print(&change.told())?;
        if !args.dry_run {
            change.make()?;
        }
    }
    if !args.dry_run {
        make_folders(&args.render)?;
    }
    if made_passphrase && !args.dry_run {
        print(PASSPHRASE_IS_NEW)?;
    }
    let as_they_were = all - changes.len();
    let done = if args.dry_run { "would change; nothing was written" } else { "written" };
    print(&format!("{} of {all} files {done}, {as_they_were} are as they should be\n", changes.len()))
}

fn appliance(args: &Args, answers: &Answers, settings_file: &ConfigFile) -> Result<Appliance, Failure> {
    let loaded = Settings::load(&Source::installation(&settings_file.text))?;
    for warning in &loaded.warnings {
        print(&format!("warning: {warning}\n"))?;
    }
    let settings = loaded.settings;
    let capacity = egress_config::capacity(&settings, args.cores, None);
    let egress = egress_config::egress(&settings, capacity, RESCUE, EGRESS_HEALTH_PORT)?;
    let machine = machine::find(args, answers.public_address, capacity.cores)?;
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
        compose_files: more_compose_files(&args.render)?,
    })
}

/// The password in an address; empty when there is none.
fn password(url: &str) -> String {
    let url = Url::parse(url).ok();
    let password = url.as_ref().and_then(Url::password).unwrap_or_default();
    percent_encoding::percent_decode_str(password).decode_utf8_lossy().into_owned()
}

/// What the operator adds to our compose file, in the order of the names.
fn more_compose_files(root: &Path) -> Result<Vec<String>, Failure> {
    let folder = root.join("etc/meetbox/compose.d");
    let cannot = |err: io::Error| Failure::input(format!("cannot read {}", folder.display())).because(&err);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(err) => return Err(cannot(err)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(cannot)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".yaml") {
            names.push(format!("compose.d/{name}"));
        }
    }
    names.sort();
    Ok(names)
}

/// Where the operator's own additions go.
fn make_folders(root: &Path) -> Result<(), Failure> {
    for folder in ["etc/meetbox/compose.d", "etc/meetbox/caddy.d"] {
        let path = root.join(folder);
        fs::create_dir_all(&path)
            .map_err(|err| Failure::input(format!("cannot make {}", path.display())).because(&err))?;
    }
    Ok(())
}

/// A host name with a dot in it, as certificates are given for (RFC 1123).
fn domain(text: &str) -> Result<String, &'static str> {
    let text = text.trim_end_matches('.').to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_name = text.len() <= 253 && text.contains('.') && text.split('.').all(is_label);
    if is_name { Ok(text) } else { Err("it is no host name such as meet.example.org") }
}

fn email(text: &str) -> Result<String, &'static str> {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "._-+".contains(char);
    let parts = text.split_once('@').filter(|(name, host)| !name.is_empty() && domain(host).is_ok());
    let is_address = parts.is_some_and(|(name, _)| name.chars().all(is_plain));
    if is_address { Ok(text.to_owned()) } else { Err("it is no mail address such as ops@example.org") }
}

#[cfg(test)]
mod tests {
    use super::{domain, email};

    #[test]
    fn domains_and_addresses_are_looked_at_before_they_go_into_files() {
        assert_eq!(domain("Meet.Example.org."), Ok("meet.example.org".to_owned()));
        for bad in ["", "localhost", "meet..org", "-a.org", "a b.org", "meet.example.org {", "https://meet.example.org"]
        {
            assert!(domain(bad).is_err(), "{bad}");
        }
        assert!(email("ops+meet@example.org").is_ok());
        for bad in ["ops", "@example.org", "ops@", "o ps@example.org", "ops@example.org }"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}
