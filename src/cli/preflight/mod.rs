//! `meetbox preflight`: whether this machine can hold an installation. It looks at everything, names all that is wrong with
//! what mends it, and changes nothing. `install.sh` asks it before it changes anything.

mod containers;
mod machine;
mod names;

use std::{
    io::{self, Write},
    net::Ipv4Addr,
    path::Path,
    process::ExitCode,
};

use chrono::TimeDelta;

use super::{
    Failure, print,
    setup::{Answers, CertificateSource, domain},
};

/// Arguments of `meetbox preflight`.
#[derive(clap::Args)]
pub struct Args {
    /// The name under which people shall reach Meetbox; without it names are not looked at
    #[arg(long, value_parser = domain)]
    domain: Option<String>,
    /// Where the certificate is to come from
    #[arg(long, value_enum, default_value = "acme")]
    certificate: CertificateSource,
    /// The address that the world dials, when the machine has only a private one; usually what `setup` was told once
    #[arg(long, value_name = "IPV4")]
    public_address: Option<Ipv4Addr>,
    /// Meetbox is installed here, so that it may hold its own ports
    #[arg(long)]
    installed: bool,
    /// The images are brought along, so that none has to be fetched
    #[arg(long)]
    images_come_along: bool,
    /// By how many seconds the clock differs from somebody else's, who was asked
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    clock_off: Option<i32>,
}

/// What a look found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    problems: Vec<(String, String)>,
    warnings: Vec<String>,
}

impl Findings {
    /// Something that makes an installation impossible, and what mends it.
    pub fn problem(&mut self, sentence: impl Into<String>, fix: impl Into<String>) {
        self.problems.push((sentence.into(), fix.into()));
    }

    /// Something that whoever installs should know.
    pub fn warn(&mut self, sentence: impl Into<String>) {
        self.warnings.push(sentence.into());
    }
}

/// Exits 1 when there are problems, which stand on stdout; what is only to be known stands on stderr.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut findings = Findings::default();
    machine::room(&mut findings, args.installed);
    machine::memory(&mut findings);
    machine::ports(&mut findings, args.installed);
    machine::clock(&mut findings, args.clock_off.map(|off| TimeDelta::seconds(off.into()).abs()));
    machine::network(&mut findings);
    machine::firewall(&mut findings);
    containers::engine(&mut findings);
    if !args.images_come_along {
        containers::images(&mut findings)?;
    }
    if let Some(domain) = args.domain.as_ref().filter(|_| args.certificate == CertificateSource::Acme) {
        let public_address = args.public_address.or(Answers::kept(Path::new("/"))?.public_address);
        names::look(&mut findings, domain, public_address);
    }

    for warning in &findings.warnings {
        // Who does not hear it loses a hint.
        let _ = writeln!(io::stderr(), "warning: {warning}");
    }
    let told = findings.problems.iter().map(|(sentence, fix)| format!("  - {sentence}\n    fix: {fix}\n"));
    print(&told.collect::<String>())?;
    Ok(if findings.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
