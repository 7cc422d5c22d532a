//! The command line: what can be asked of the binary, and the only place that decides how it exits.

mod account;
mod api_key;
mod archive;
mod backup;
mod check;
pub mod dev;
mod doctor;
mod egress_config;
mod failure;
mod files;
mod firewall;
mod healthcheck;
mod migrate;
mod openapi;
mod operator;
mod preflight;
mod programs;
mod recordings;
mod restore;
mod seed;
mod serve;
mod setup;
mod sockets;
mod start;
mod uninstall;
mod version;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

pub use self::failure::Failure;

/// Self-hosted video meetings on LiveKit.
#[derive(Parser)]
#[command(name = "meetbox", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Look after accounts: who can sign in
    #[command(subcommand)]
    Account(account::Command),
    /// Look after API keys: what programs use the API with
    #[command(subcommand)]
    ApiKey(api_key::Command),
    /// Save the database and the settings in one encrypted archive
    Backup(backup::Args),
    /// Check the settings without starting anything
    Check(check::Args),
    /// Run everything that a meeting needs on this machine, for development
    Dev(dev::Args),
    /// Look at a running installation: a line for each check, and under what is not well what mends it
    #[command(after_help = doctor::EXIT_CODES)]
    Doctor(doctor::Args),
    /// Print the configuration of LiveKit's recorder, egress.yaml, as these settings make it
    EgressConfig(egress_config::Args),
    /// Run a program for as long as stdin stays open
    #[command(hide = true)]
    Keep(dev::KeepArgs),
    /// Write, read and delete a small object in a folder, as whoever runs it
    #[command(hide = true)]
    ProveFolder(doctor::ProveFolder),
    /// Stand in for LiveKit's recorder
    #[command(hide = true)]
    RecordInName(dev::StandInArgs),
    /// Look whether this machine can hold an installation; changes nothing, exits 1 when something is in the way
    Preflight(preflight::Args),
    /// List the recordings under way, or wait for them; exits 3 while there are some
    Recordings(recordings::Args),
    /// Fill a development database with believable meetings
    Seed,
    /// Let people reach Meetbox on this machine, and nobody what stands behind it
    #[command(subcommand)]
    Firewall(firewall::Command),
    /// Ask the server on this machine whether it is ready
    Healthcheck(healthcheck::Args),
    /// Bring the database's schema up to date
    Migrate,
    /// Print the API's OpenAPI spec
    Openapi,
    /// Put back what `meetbox backup` saved, or try whether that can be done
    Restore(restore::Args),
    /// Run the server and its jobs
    Serve,
    /// Set up a whole installation on this machine: LiveKit, its recorder, Postgres, Redis, Caddy and the services
    Setup(setup::Args),
    /// Stop Meetbox on this machine and take it away; data and settings stay
    Uninstall(uninstall::Args),
    /// Print which Meetbox this is
    Version(version::Args),
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(answer) => return tell_usage(&answer),
    };
    let outcome = match cli.command {
        Command::Account(command) => account::run(command),
        Command::ApiKey(command) => api_key::run(command),
        Command::Backup(args) => backup::run(args),
        Command::Check(args) => check::run(args),
        Command::Dev(args) => dev::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::ProveFolder(args) => doctor::prove_folder(args),
        Command::EgressConfig(args) => egress_config::run(args),
        Command::Keep(args) => match dev::keep(args) {
            Ok(code) => return code,
            Err(failure) => Err(failure),
        },
        Command::RecordInName(args) => dev::stand_in(args),
        Command::Preflight(args) => match preflight::run(&args) {
            Ok(code) => return code,
            Err(failure) => Err(failure),
        },
        Command::Recordings(args) => match recordings::run(&args) {
            Ok(code) => return code,
            Err(failure) => Err(failure),
        },
        Command::Seed => seed::run(),
        Command::Firewall(command) => firewall::run(command),
        Command::Healthcheck(args) => healthcheck::run(&args),
        Command::Migrate => migrate::run(),
        Command::Openapi => openapi::run(),
        Command::Restore(args) => restore::run(args),
        Command::Serve => serve::run(),
        Command::Setup(args) => setup::run(args),
        Command::Uninstall(args) => uninstall::run(&args),
        Command::Version(args) => version::run(args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

/// Help and version are answers; anything else says what is wrong with the arguments, which is the caller's to mend.
fn tell_usage(answer: &clap::Error) -> ExitCode {
    // When nobody can read it, the exit code is all that is left to say it with.
    let _ = answer.print();
    if answer.use_stderr() { ExitCode::from(1) } else { ExitCode::SUCCESS }
}

/// What asynchronous commands run on.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|err| Failure::ours("cannot start the runtime").because(&err))
}

/// Writes what a command was asked for to stdout; everything else it says belongs on stderr.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever reads has seen enough, as `head` does.
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(err) => Err(Failure::ours("cannot write to stdout").because(&err)),
        Ok(()) => Ok(()),
    }
}

/// Words that others wrote, on their way to a terminal: what would steer it, or hide or turn around what stands beside, is
/// written out.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\t' | '\'' | '"' | '\\' => shown.push(char),
            // It also knows which ones are not printed, such as those that change the direction of writing.
            _ => shown.extend(char.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
