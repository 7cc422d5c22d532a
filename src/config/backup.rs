//! Settings of backups.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{
    Environment,
    kind::Kind,
    reader::Reader,
    secrets,
    table::{Default, Required, Section, Setting},
};

/// How age's secret keys begin; one that stands among the public ones is a mistake with consequences.
const SECRET_KEY: &str = "age-secret-key-";

/// How backups are encrypted, where they go, and how many are kept.
#[derive(Clone, Debug)]
pub struct BackupSettings {
    /// Opens backups, and encrypts them when there is no recipient.
    pub passphrase: Option<SecretString>,
    /// The public keys that backups are encrypted to; this machine cannot open those. Empty: the passphrase does it.
    pub recipients: Vec<age::x25519::Recipient>,
    /// The folder of backups.
    pub dir: PathBuf,
    /// Whether they go to the object store, and not into the folder.
    pub to_bucket: bool,
    /// How many are kept where they go by themselves.
    pub keep: u32,
}

pub(super) const SECTION: Section = Section {
    title: "Backups",
    purpose: "What `meetbox backup` does when it is told nothing else. Every backup is encrypted, to public keys of age or \
              with a passphrase. Keep what opens them elsewhere: a backup whose only key burnt with the machine is worth \
              nothing.",
    settings: &[&BACKUP_RECIPIENTS, &BACKUP_PASSPHRASE, &BACKUP_DIR, &BACKUP_TO_BUCKET, &BACKUP_KEEP],
};

const BACKUP_RECIPIENTS: Setting = Setting {
    name: "BACKUP_RECIPIENTS",
    purpose: "the public keys of age that backups are encrypted to; this machine then cannot open them, nor can whoever \
              breaks into it",
    example: "age1x6sryh7c20e8fcju9f6sy9l3z3syskcgnjeemxhvmw0drz9vh57qh0x7dd",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::List(&Kind::Key { shortest: 1 }),
    note: "made by `age-keygen`, and beginning with age1",
    secret: false,
};

const BACKUP_PASSPHRASE: Setting = Setting {
    name: "BACKUP_PASSPHRASE",
    purpose: "opens backups, and encrypts them when there are no BACKUP_RECIPIENTS",
    example: "<your-passphrase>",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::Key { shortest: 16 },
    note: "no placeholder; kept elsewhere, too",
    secret: true,
};

const BACKUP_DIR: Setting = Setting {
    name: "BACKUP_DIR",
    purpose: "the folder of backups, which only root should see; one that is on its way to the object store stands there for \
              a while",
    example: "/var/lib/meetbox/backups",
    default: Default::ByEnvironment { local: ".meetbox/backups", elsewhere: "/var/lib/meetbox/backups" },
    required: Required::Never,
    kind: Kind::Folder,
    note: "",
    secret: false,
};

const BACKUP_TO_BUCKET: Setting = Setting {
    name: "BACKUP_TO_BUCKET",
    purpose: "whether backups go to the object store, under backups/, and not into the folder",
    example: "true",
    default: Default::Value("false"),
    required: Required::Never,
    kind: Kind::Flag,
    note: "needs S3_*",
    secret: false,
};

const BACKUP_KEEP: Setting = Setting {
    name: "BACKUP_KEEP",
    purpose: "how many backups are kept where they go by themselves",
    example: "14",
    default: Default::Value("14"),
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 10_000, unit: "backups" },
    note: "",
    secret: false,
};

impl BackupSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let recipients = recipients(reader);
        let passphrase = passphrase(reader);
        let dir = reader.folder(&BACKUP_DIR);
        let to_bucket = reader.flag(&BACKUP_TO_BUCKET);
        let keep = reader.number(&BACKUP_KEEP);
        Some(Self { passphrase: passphrase?, recipients: recipients?, dir: dir?, to_bucket: to_bucket?, keep: keep? })
    }
}

/// `None` when it is there and cannot be used.
fn passphrase(reader: &mut Reader<'_>) -> Option<Option<SecretString>> {
    if !reader.is_given(&BACKUP_PASSPHRASE) {
        return Some(None);
    }
    reader.secret(&BACKUP_PASSPHRASE, secrets::weakness).map(Some)
}

fn recipients(reader: &mut Reader<'_>) -> Option<Vec<age::x25519::Recipient>> {
    if !reader.is_given(&BACKUP_RECIPIENTS) {
        return Some(Vec::new());
    }
    let texts = reader.texts(&BACKUP_RECIPIENTS)?;
    if texts.iter().any(|text| text.to_ascii_lowercase().starts_with(SECRET_KEY)) {
        let problem = "holds a secret key, which must not be on this machine: take the public one, and make a new pair if \
                       others have seen this";
        reader.refuse(&BACKUP_RECIPIENTS, problem);
        return None;
    }
    let is_example = texts.iter().any(|text| text == BACKUP_RECIPIENTS.example);
    if is_example && reader.environment != Environment::Local {
        reader.refuse(&BACKUP_RECIPIENTS, "is the example, whose secret key nobody has");
        return None;
    }
    let parsed: Result<Vec<_>, _> = texts.iter().map(|text| text.parse()).collect();
    if parsed.is_err() {
        reader.refuse(&BACKUP_RECIPIENTS, "holds what is no public key of age, or one with a slip of the pen in it");
    }
    parsed.ok()
}

#[cfg(test)]
mod tests {
    use super::{super::Source, *};
    use crate::config::Settings;

    const LEAST: &str = "DATABASE_URL=postgresql://meetbox:Vt5kQ9wZ@127.0.0.1/meetbox\nREDIS_URL=redis://127.0.0.1\n\
                         LIVEKIT_URL=wss://livekit.example.org\nLIVEKIT_API_KEY=APIm7Kq2xVn\n\
                         LIVEKIT_API_SECRET=qJ3tXw8ZpL5vNc2RbY7mKd4HsF9gTe6A\n";

    fn load(line: &str) -> Result<BackupSettings, String> {
        let loaded = Settings::load(&Source::installation(format!("{LEAST}{line}\n")));
        loaded.map(|it| it.settings.backup).map_err(|err| format!("{:?}", err.problems))
    }

    #[test]
    fn public_keys_are_taken_and_whatever_else_stands_there_is_refused_unseen() {
        let key = age::x25519::Identity::generate();
        let (public, secret) = (key.to_public().to_string(), key.to_string());
        let secret = age::secrecy::ExposeSecret::expose_secret(&secret);
        let other = age::x25519::Identity::generate().to_public();

        assert!(load("").unwrap().recipients.is_empty());
        assert_eq!(load(&format!("BACKUP_RECIPIENTS={public},{other}")).unwrap().recipients.len(), 2);
        for (value, sentence) in [
            (secret, "holds a secret key"),
            (&public[..public.len() - 1], "is no public key of age"),
            (BACKUP_RECIPIENTS.example, "whose secret key nobody has"),
        ] {
            let told = load(&format!("BACKUP_RECIPIENTS={value}")).unwrap_err();
            assert!(told.contains(sentence), "{told}");
            assert!(!told.contains(secret), "{told}");
        }
    }

    #[test]
    fn a_passphrase_that_could_be_guessed_is_refused() {
        assert!(load("BACKUP_PASSPHRASE=thirteen-otters-on-a-raft").unwrap().passphrase.is_some());
        for weak in ["otters", "aaaaaaaaaaaaaaaaaaaa", "changeme-changeme-changeme"] {
            let told = load(&format!("BACKUP_PASSPHRASE={weak}")).unwrap_err();
            assert!(told.contains("BACKUP_PASSPHRASE"), "{told}");
        }
    }
}
