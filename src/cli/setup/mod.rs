//! `meetbox setup`: the configuration of a whole installation, made of a few answers, the settings and the machine.

mod answers;
pub mod changes;
mod containers;
mod machine;
mod plan;
mod settings_file;
mod system;

use std::{
    io::{self, IsTerminal},
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

use self::plan::Plan;
pub use self::{
    answers::{Answers, Source as CertificateSource},
    containers::is_too_old as compose_is_too_old,
    machine::default_interface,
};
use super::{Failure, print};

/// What the recorder's container is made of: another text makes it anew.
const RECORDER_FILES: [&str; 3] = ["etc/meetbox/egress.yaml", "etc/meetbox/compose.yaml", "etc/meetbox/.env"];

/// What the operator has to do, and nobody else can.
const PASSPHRASE_IS_NEW: &str = "\
note: backups will be encrypted with BACKUP_PASSPHRASE, which was made now and stands in etc/meetbox/meetbox.env.
      Keep a copy of it elsewhere: a backup whose only key is on the machine that burnt down is worth nothing.
";

/// Arguments of `meetbox setup`.
#[derive(clap::Args)]
pub struct Args {
    /// Write everything below this folder, as if it were the root of the file system, and touch nothing else
    #[arg(long, value_name = "FOLDER", conflicts_with = "pull")]
    render: Option<PathBuf>,
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask before something is changed
    #[arg(long)]
    yes: bool,
    /// Fetch the images anew, and stay with what they are then
    #[arg(long)]
    pull: bool,
    /// Start the recorder anew also while it records: such recordings end there
    #[arg(long)]
    cut_recordings: bool,
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

/// Makes the files, or says what would change; without `--render` also everything on this machine that they are for.
pub fn run(args: Args) -> Result<(), Failure> {
    match &args.render {
        Some(folder) => {
            let answers = Answers::gather(folder, &args)?;
            let plan = shown(folder, &args, &answers)?;
            if args.dry_run { Ok(()) } else { plan.write(folder) }
        }
        None => on_this_machine(&args),
    }
}

fn on_this_machine(args: &Args) -> Result<(), Failure> {
    let root = Path::new("/");
    let _turn = system::take_turn()?;
    let mut answers = Answers::gather(root, args)?;
    if args.pull {
        answers.images.clear();
    }
    containers::forget_what_came_in_files(&mut answers.images);
    let plan = shown(root, args, &answers)?;
    if args.dry_run {
        return Ok(());
    }
    system::look()?;
    let renews_recorder =
        args.pull || plan.changes.iter().any(|change| RECORDER_FILES.iter().any(|path| change.is_of(path)));
    if !args.cut_recordings {
        system::refuse_while_recording(&plan.settings, renews_recorder)?;
    }
    if !plan.changes.is_empty() && !args.yes {
        agree()?;
    }
    plan.write(root)?;
    system::prepare()?;

    // What the images are is known when they are here, and then goes into the files.
    answers.images = containers::fetch(&answers.images, args.pull)?;
    let plan = Plan::make(root, args, &answers)?;
    plan.write(root)?;
    // Images take minutes to come, and somebody may have begun to record meanwhile.
    if !args.cut_recordings {
        system::refuse_while_recording(&plan.settings, renews_recorder)?;
    }
    system::start(&plan.settings)
}

/// What is to be done, told.
fn shown(root: &Path, args: &Args, answers: &Answers) -> Result<Plan, Failure> {
    let plan = Plan::make(root, args, answers)?;
    for warning in &plan.warnings {
        print(&format!("warning: {warning}\n"))?;
    }
    for change in &plan.changes {
        print(&change.told())?;
    }
    if plan.passphrase_is_new && !args.dry_run {
        print(PASSPHRASE_IS_NEW)?;
    }
    let (all, changes) = (plan.files, plan.changes.len());
    let done = if args.dry_run { "would change; nothing was written" } else { "to be written" };
    print(&format!("{changes} of {all} files {done}, {} are as they should be\n", all - changes))?;
    Ok(plan)
}

/// Asks whoever sits there.
fn agree() -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::input("nobody is there to agree to the changes above").hint("say --yes, or --dry-run"));
    }
    print("Make these changes, and start what they are for? [y/N] ")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(|err| Failure::input("cannot read the answer").because(&err))?;
    if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) {
        Ok(())
    } else {
        Err(Failure::input("nothing was changed"))
    }
}

/// A host name with a dot in it, as certificates are given for (RFC 1123).
pub fn domain(text: &str) -> Result<String, &'static str> {
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
