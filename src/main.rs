//! The binary: reads the command line, runs the command, exits.

use std::process::ExitCode;

fn main() -> ExitCode {
    meetbox::cli::run()
}
