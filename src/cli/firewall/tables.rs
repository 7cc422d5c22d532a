//! The kernel's tables, by the programs that every distribution has for them: whichever of its two ways `iptables` goes, that is the one
//! by which Docker and the others go.

use std::{
    fmt,
    io::{self, Write},
    process::{Command, Output, Stdio},
};

use super::chain::{Chain, NAME, State};
use crate::{assets::ports::Ports, cli::Failure};

/// Seconds to wait for others who change the tables.
const LOCK_WAIT: &str = "30";

/// Which internet protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// The tables of one protocol.
pub struct Tables {
    pub family: Family,
}

impl Tables {
    /// How that chain stands.
    pub fn state(&self, chain: &Chain, ports: &[Ports]) -> Result<State, Failure> {
        let ours = self.find(chain)?;
        let before = self.told(&["-t", chain.table, "-S", chain.asked_from])?;
        Ok(chain.state(ours.as_deref(), &before, &chain.rules(ports, self.family)))
    }

    /// Changes what the text says, at once.
    pub fn restore(&self, text: &str) -> Result<(), Failure> {
        let program = format!("{}-restore", self.program());
        let output = run(&program, &["-w", LOCK_WAIT, "--noflush"], text)?;
        if output.status.success() { Ok(()) } else { Err(failed(&program, &output)) }
    }

    /// Has that chain no longer asked, and removes it; whether there was one.
    pub fn take_away(&self, chain: &Chain) -> Result<bool, Failure> {
        if self.find(chain)?.is_none() {
            return Ok(false);
        }
        let jump = format!("-A {}", chain.jump());
        let before = self.told(&["-t", chain.table, "-S", chain.asked_from])?;
        let mut text = format!("*{}\n:{NAME} - [0:0]\n", chain.table);
        for _ in before.lines().filter(|line| *line == jump) {
            text += &format!("-D {}\n", chain.jump());
        }
        text += &format!("-X {NAME}\nCOMMIT\n");
        self.restore(&text).map(|()| true)
    }

    /// Its rules; nothing when there is no such chain.
    fn find(&self, chain: &Chain) -> Result<Option<String>, Failure> {
        // All of the table: a chain that is asked for by its name and is absent looks like any other failure.
        let all = self.told(&["-t", chain.table, "-S"])?;
        let (new, rule) = (format!("-N {NAME}"), format!("-A {NAME} "));
        let is_there = all.lines().any(|line| line == new);
        let rules = all.lines().filter(|line| line.starts_with(&rule)).map(|line| format!("{line}\n"));
        Ok(is_there.then(|| rules.collect()))
    }

    fn told(&self, arguments: &[&str]) -> Result<String, Failure> {
        let arguments = [&["-w", LOCK_WAIT], arguments].concat();
        let output = run(self.program(), &arguments, "")?;
        if !output.status.success() {
            return Err(failed(self.program(), &output));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn program(&self) -> &'static str {
        match self.family {
            Family::V4 => "iptables",
            Family::V6 => "ip6tables",
        }
    }
}

/// Whether firewalld rules here.
pub fn firewalld_runs() -> bool {
    // Where it is not installed, it does not.
    run("firewall-cmd", &["--state"], "").is_ok_and(|output| output.status.success())
}

fn run(program: &str, arguments: &[&str], input: &str) -> Result<Output, Failure> {
    let cannot = |err: io::Error| {
        let failure = Failure::ours(format!("cannot run {program}")).because(&err);
        if err.kind() == io::ErrorKind::NotFound {
            failure.hint("apt-get install iptables; or, where it is installed: su -, since a shell of su alone lacks /usr/sbin in its PATH")
        } else {
            failure
        }
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(input.as_bytes()) {
            // It has ended already, and its own words tell why.
            Err(err) if err.kind() == io::ErrorKind::BrokenPipe => {}
            written => written.map_err(cannot)?,
        }
    }
    child.wait_with_output().map_err(cannot)
}

fn failed(program: &str, output: &Output) -> Failure {
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim();
    let failure = Failure::ours(format!("{program} failed ({}): {said}", output.status));
    if said.contains("ermission") || said.contains("must be root") {
        return failure.hint("only root may look at the tables: sudo meetbox firewall …");
    }
    failure.hint("nothing was changed in that table; `iptables -S` shows what is in it")
}
