//! `meetbox.env`: the operator's settings and the house's secrets. What stands there is never changed; what is missing is
//! added.

use std::{fmt::Write as _, fs, io, path::Path};

use super::Args;
use crate::{
    assets::appliance::{ConfigFile, LIVEKIT_PORT, RECORDINGS, RESCUE},
    cli::{Failure, operator::new_secret},
    config::file_values,
};

/// Where it stands, from the root of the file system.
const FILE: &str = "etc/meetbox/meetbox.env";

/// What backups are encrypted with, unless there are public keys to do it to.
const PASSPHRASE: &str = "BACKUP_PASSPHRASE";

const HEAD: &str = "\
# The settings of Meetbox, with its secrets: root's alone. `meetbox setup` made this file; it adds what is missing and
# changes nothing. docs/settings.md explains every setting. After a change: `meetbox setup`, which looks at all of them,
# carries them on to the others, and starts anew what has to know them.
";

/// What belongs into the file, each line with a comment before it when it is not plain.
struct Wanted {
    name: &'static str,
    value: String,
    comment: &'static str,
    /// Other names, of which one is enough.
    instead: &'static [&'static str],
}

/// The file as it is to be, and whether a passphrase for backups was made for it now.
pub fn keep_or_make(root: &Path, args: &Args) -> Result<(ConfigFile, bool), Failure> {
    let path = root.join(FILE);
    let kept = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(err) if err.kind() == io::ErrorKind::NotFound => String::new(),
        Err(err) => return Err(Failure::input(format!("cannot read {}", path.display())).because(&err)),
    };
    let text = completed(&kept, args.domain.as_deref()).map_err(|failure| {
        failure.hint(format!(
            "say --domain meet.example.org; or, when it is to change, change PUBLIC_URL and LIVEKIT_PUBLIC_URL in {}",
            path.display()
        ))
    })?;
    let has_passphrase = |text: &str| file_values(text).contains_key(PASSPHRASE);
    let made_passphrase = has_passphrase(&text) && !has_passphrase(&kept);
    Ok((ConfigFile { path: FILE, mode: 0o600, text }, made_passphrase))
}

fn completed(kept: &str, domain: Option<&str>) -> Result<String, Failure> {
    let values = file_values(kept);
    let is_set = |name: &str| {
        [name.to_owned(), format!("{name}_FILE")].iter().any(|name| values.get(name).is_some_and(|it| !it.is_empty()))
    };
    let said = values.get("PUBLIC_URL").map(|url| url.trim_start_matches("https://").to_owned());
    let domain = match (said, domain) {
        (Some(said), Some(domain)) if said != domain => {
            return Err(Failure::input(format!("Meetbox is set up for {said}, and --domain says {domain}")));
        }
        (Some(said), _) => said,
        (None, Some(domain)) => domain.to_owned(),
        (None, None) => return Err(Failure::input("nobody has said under which domain Meetbox is to be reached")),
    };

    let mut text = if kept.is_empty() { HEAD.to_owned() } else { kept.to_owned() };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    for Wanted { name, value, comment, instead } in wanted(&domain) {
        if is_set(name) || instead.iter().any(|name| is_set(name)) {
            continue;
        }
        if !comment.is_empty() {
            let _ = writeln!(text, "\n# {comment}");
        }
        let _ = writeln!(text, "{name}={value}");
    }
    Ok(text)
}

fn wanted(domain: &str) -> Vec<Wanted> {
    let plain = |name, value: String| Wanted { name, value, comment: "", instead: &[] };
    let with = |name, value: String, comment| Wanted { name, value, comment, instead: &[] };
    vec![
        with("PUBLIC_URL", format!("https://{domain}"), "Where people reach it."),
        plain("LIVEKIT_PUBLIC_URL", format!("wss://{domain}")),
        with(
            "DATABASE_URL",
            format!("postgresql://meetbox:{}@127.0.0.1:5432/meetbox", new_secret()),
            "What stands beside it. The passwords here are those that the containers get.",
        ),
        plain("REDIS_URL", format!("redis://:{}@127.0.0.1:6379/0", new_secret())),
        plain("LIVEKIT_URL", format!("ws://127.0.0.1:{LIVEKIT_PORT}")),
        plain("LIVEKIT_API_KEY", format!("API{}", &new_secret()[..12])),
        plain("LIVEKIT_API_SECRET", new_secret()),
        plain("RECORDING_BACKUP_DIR", RESCUE.to_owned()),
        Wanted {
            name: "STORAGE_DIR",
            value: RECORDINGS.to_owned(),
            comment: "Recordings are kept in this folder. For an object store put S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY, \
                      S3_BUCKET\n# and S3_REGION here in its place.",
            instead: &["S3_ENDPOINT"],
        },
        Wanted {
            name: PASSPHRASE,
            value: new_secret(),
            comment: "Opens backups. Keep it elsewhere as well: with this machine alone it is lost when the backups are needed. \
                      Better,\n# say BACKUP_RECIPIENTS with a public key of age, whose secret key is not here: docs/backup.md.",
            instead: &["BACKUP_RECIPIENTS"],
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Settings, Source};

    #[test]
    fn what_is_made_can_be_run_with_and_is_the_same_ever_after() {
        let made = completed("", Some("meet.example.org")).unwrap();
        let loaded = Settings::load(&Source::installation(&made)).unwrap();

        assert_eq!(loaded.settings.environment, Environment::Production);
        assert_eq!(loaded.warnings, []);
        assert_eq!(completed(&made, None).unwrap(), made);
        assert_ne!(completed("", Some("meet.example.org")).unwrap(), made, "secrets are made anew");
    }

    #[test]
    fn what_the_operator_wrote_stays_and_the_rest_is_added() {
        let kept = "# mine\nPUBLIC_URL=https://meet.example.org\nREDIS_URL_FILE=/run/redis\nBACKUP_RECIPIENTS=age1x\nS3_ENDPOINT=https://s3.example";
        let text = completed(kept, None).unwrap();

        assert!(text.starts_with(&format!("{kept}\n")), "{text}");
        for absent in ["\nREDIS_URL=", "STORAGE_DIR=", "BACKUP_PASSPHRASE=", "\n# The settings of Meetbox"] {
            assert!(!text.contains(absent), "{text}");
        }
        assert!(text.contains("\nLIVEKIT_PUBLIC_URL=wss://meet.example.org\n"), "{text}");
    }

    #[test]
    fn a_domain_is_needed_once_and_is_not_changed_in_passing() {
        assert!(completed("", None).is_err());
        let kept = "PUBLIC_URL=https://meet.example.org\n";
        assert!(completed(kept, Some("meet.example.org")).is_ok());
        let err = completed(kept, Some("other.example.org")).unwrap_err();
        assert!(err.to_string().contains("meet.example.org"), "{err}");
    }
}
