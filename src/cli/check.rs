//! `meetbox check`: are the settings right, without starting anything.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Failure, print};
use crate::config::{Environment, Problem, Settings, Warning};

/// Arguments of `meetbox check`.
#[derive(clap::Args)]
pub struct Args {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// What a look at the settings found.
struct Findings {
    environment: Environment,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

/// Reads the settings as a start would, and tells every problem.
pub fn run(args: Args) -> Result<(), Failure> {
    let (findings, hint) = match Settings::from_process() {
        Ok(loaded) => {
            let environment = loaded.settings.environment;
            (Findings { environment, problems: Vec::new(), warnings: loaded.warnings }, String::new())
        }
        Err(err) => {
            let hint = err.hint();
            (Findings { environment: err.environment, problems: err.problems, warnings: err.warnings }, hint)
        }
    };

    print(&if args.json { findings.json()? } else { findings.plain() })?;
    match findings.problems.len() {
        0 => Ok(()),
        1 => Err(Failure::input("one setting is not right").hint(hint)),
        more => Err(Failure::input(format!("{more} settings are not right")).hint(hint)),
    }
}

impl Findings {
    /// One block for each problem, one line for each warning.
    fn plain(&self) -> String {
        let mut text = String::new();
        for problem in &self.problems {
            let _ = writeln!(text, "{problem}");
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        if self.problems.is_empty() {
            let _ = writeln!(text, "the settings are right for {}", self.environment);
        }
        text
    }

    fn json(&self) -> Result<String, Failure> {
        let answer = Answer {
            ok: self.problems.is_empty(),
            environment: self.environment.name(),
            problems: self.problems.iter().map(ProblemView::from).collect(),
            warnings: self.warnings.iter().map(WarningView::from).collect(),
        };
        let text = serde_json::to_string_pretty(&answer);
        text.map(|text| text + "\n").map_err(|err| Failure::ours("cannot put the answer into JSON").because(&err))
    }
}

/// The findings as programs read them.
#[derive(Serialize)]
struct Answer<'a> {
    ok: bool,
    environment: &'a str,
    problems: Vec<ProblemView<'a>>,
    warnings: Vec<WarningView<'a>>,
}

#[derive(Serialize)]
struct ProblemView<'a> {
    variable: &'a str,
    problem: &'a str,
    purpose: &'a str,
    example: &'a str,
    valid: &'a str,
}

#[derive(Serialize)]
struct WarningView<'a> {
    variable: &'a str,
    warning: &'a str,
}

impl<'a> From<&'a Problem> for ProblemView<'a> {
    fn from(problem: &'a Problem) -> Self {
        let Problem { variable, problem, purpose, example, valid } = problem;
        Self { variable, problem, purpose, example, valid }
    }
}

impl<'a> From<&'a Warning> for WarningView<'a> {
    fn from(warning: &'a Warning) -> Self {
        Self { variable: &warning.variable, warning: &warning.message }
    }
}
