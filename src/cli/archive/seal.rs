//! What a backup is encrypted with, and what opens it: the format is age's, so that the tool of that name does the same.

use std::{
    fs,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

use age::stream::{StreamReader, StreamWriter};
use secrecy::SecretString;

use super::manifest::{Manifest, PASSPHRASE};
use crate::{cli::Failure, config::BackupSettings};

/// How much work it is to try a passphrase, as a power of two: that of the `age` tool, whatever machine this is.
const WORK: u8 = 18;
/// What is still taken: the same that the `age` tool takes. An archive that asks for more would keep us busy for hours.
const MOST_WORK: u8 = 22;

/// What encrypts.
pub enum Lock {
    Passphrase(SecretString),
    Recipients(Vec<age::x25519::Recipient>),
}

impl Lock {
    /// The one in the settings: public keys go before a passphrase, which then only opens what is older.
    pub fn of(settings: &BackupSettings) -> Result<Self, Failure> {
        match &settings.passphrase {
            _ if !settings.recipients.is_empty() => Ok(Self::Recipients(settings.recipients.clone())),
            Some(passphrase) => Ok(Self::Passphrase(passphrase.clone())),
            None => Err(Failure::input("nothing is set that backups could be encrypted with").hint(
                "`meetbox setup` makes a BACKUP_PASSPHRASE; better, say BACKUP_RECIPIENTS=age1… with the public key that\n\
                 `age-keygen -o meetbox-backup.key` tells, run on another machine, which keeps the file",
            )),
        }
    }

    /// What the manifest says of it.
    pub fn told(&self) -> Vec<String> {
        match self {
            Self::Passphrase(_) => vec![PASSPHRASE.to_owned()],
            Self::Recipients(recipients) => recipients.iter().map(ToString::to_string).collect(),
        }
    }

    /// Encrypts what is written, until it is finished.
    pub fn seal<W: Write>(&self, out: W) -> Result<StreamWriter<W>, io::Error> {
        let encryptor = match self {
            Self::Passphrase(passphrase) => {
                let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(WORK);
                age::Encryptor::with_recipients([&recipient as &dyn age::Recipient].into_iter())
            }
            Self::Recipients(recipients) => {
                age::Encryptor::with_recipients(recipients.iter().map(|it| it as &dyn age::Recipient))
            }
        };
        encryptor.map_err(io::Error::other)?.wrap_output(out)
    }
}

/// Where keys come from that the settings do not hold.
#[derive(clap::Args)]
pub struct KeyArgs {
    /// The file with the secret key of age, as `age-keygen` makes it
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// The file with the passphrase; otherwise it is that of the settings, or asked for
    #[arg(long, value_name = "FILE", conflicts_with = "identity")]
    passphrase_file: Option<PathBuf>,
}

/// What opens an archive.
pub struct Keys(Vec<Box<dyn age::Identity + Send + Sync>>);

impl Keys {
    /// The keys for that archive: those that the arguments name, else the settings' passphrase, else one that is asked for.
    pub fn find(args: &KeyArgs, kept: Option<&SecretString>, manifest: &Manifest) -> Result<Self, Failure> {
        if !manifest.by_passphrase() {
            let path = args.identity.as_deref().ok_or_else(|| needs_identity(manifest))?;
            return Self::of_file(path);
        }
        if args.identity.is_some() {
            return Err(Failure::input("this backup is opened by a passphrase, and not by a key"));
        }
        let passphrase = match (&args.passphrase_file, kept) {
            (Some(path), _) => first_line(path)?,
            (None, Some(kept)) => kept.clone(),
            (None, None) => asked()?,
        };
        Ok(Self::passphrase(passphrase))
    }

    fn passphrase(passphrase: SecretString) -> Self {
        let mut identity = age::scrypt::Identity::new(passphrase);
        identity.set_max_work_factor(MOST_WORK);
        Self(vec![Box::new(identity)])
    }

    fn of_file(path: &Path) -> Result<Self, Failure> {
        let cannot = |err: io::Error| Failure::input(format!("cannot read {}", path.display())).because(&err);
        let file = fs::File::open(path).map_err(cannot)?;
        let parsed = age::IdentityFile::from_buffer(BufReader::new(file)).map_err(|_| {
            Failure::input(format!("{} is no file of secret keys", path.display()))
                .hint("it is the one that `age-keygen -o FILE` made; a line in it begins with AGE-SECRET-KEY-1")
        })?;
        let identities = parsed.into_identities();
        identities.map(Self).map_err(|_| Failure::input(format!("the keys in {} cannot be used", path.display())))
    }

    /// Decrypts what is read.
    pub fn open<R: Read>(&self, sealed: R) -> Result<StreamReader<BufReader<R>>, Failure> {
        let damaged = |err: &age::DecryptError| Failure::input("what is encrypted is damaged").because(err);
        let decryptor = age::Decryptor::new_buffered(BufReader::new(sealed)).map_err(|err| damaged(&err))?;
        let by_passphrase = decryptor.is_scrypt();
        decryptor.decrypt(self.0.iter().map(|it| it.as_ref() as &dyn age::Identity)).map_err(|err| match &err {
            age::DecryptError::ExcessiveWork { .. } => {
                Failure::input("the passphrase of this backup asks for more work than any that Meetbox makes")
            }
            // With a wrong passphrase, age finds that a key cannot be decrypted; with a wrong key, that there is none.
            age::DecryptError::KeyDecryptionFailed
            | age::DecryptError::DecryptionFailed
            | age::DecryptError::NoMatchingKeys
                if by_passphrase =>
            {
                Failure::input("the passphrase is not the one that this backup was made with")
                    .hint("--passphrase-file names a file with another than BACKUP_PASSPHRASE")
            }
            age::DecryptError::NoMatchingKeys => {
                Failure::input("the key is none of those that this backup was made for")
            }
            _ => damaged(&err),
        })
    }
}

fn needs_identity(manifest: &Manifest) -> Failure {
    Failure::input(format!("this backup is opened by the secret key of {}", manifest.encrypted_to.join(" or ")))
        .hint("say --identity FILE; it is the file that `age-keygen` made, and kept elsewhere than here")
}

fn first_line(path: &Path) -> Result<SecretString, Failure> {
    let cannot = |err: io::Error| Failure::input(format!("cannot read {}", path.display())).because(&err);
    let mut line = String::new();
    BufReader::new(fs::File::open(path).map_err(cannot)?).read_line(&mut line).map_err(cannot)?;
    let passphrase = line.trim_end_matches(['\r', '\n']);
    if passphrase.is_empty() {
        return Err(Failure::input(format!("no passphrase stands in the first line of {}", path.display())));
    }
    Ok(SecretString::from(passphrase.to_owned()))
}

fn asked() -> Result<SecretString, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::input("this backup is opened by a passphrase, and none is set")
            .hint("set BACKUP_PASSPHRASE, or name a file that holds it: --passphrase-file FILE"));
    }
    let typed = rpassword::prompt_password("Passphrase of the backup: ");
    let typed = typed.map_err(|err| Failure::input("cannot read the passphrase").because(&err))?;
    Ok(SecretString::from(typed))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_passphrase_is_the_first_line_of_its_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        assert!(first_line(file.path()).is_err());
        file.write_all(b"six words that nobody guesses\r\nmore\n").unwrap();
        assert_eq!(first_line(file.path()).unwrap().expose_secret(), "six words that nobody guesses");
    }

    #[test]
    fn only_the_key_of_a_recipient_opens() {
        let (key, other) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
        let lock = Lock::Recipients(vec![key.to_public()]);
        let mut sealed = Vec::new();
        let mut writer = lock.seal(&mut sealed).unwrap();
        writer.write_all(b"rows").unwrap();
        writer.finish().unwrap();

        let mut opened = String::new();
        Keys(vec![Box::new(key)]).open(&sealed[..]).unwrap().read_to_string(&mut opened).unwrap();
        assert_eq!(opened, "rows");
        let refused = Keys(vec![Box::new(other)]).open(&sealed[..]).err().unwrap();
        assert!(refused.to_string().contains("none of those"), "{refused}");
    }
}
