//! What is wrong with the settings, told all at once and without a single secret.

use std::fmt;

use super::{Environment, table::Setting};

/// How wide the text of a problem may be, beside its indent.
const WIDTH: usize = 84;
const INDENT: &str = "             ";

/// One setting that cannot be used, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub variable: String,
    /// Continues the name: "is not set".
    pub problem: String,
    pub purpose: String,
    pub example: String,
    pub valid: String,
}

/// Something that works, but surely not as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub variable: String,
    /// Continues the name: "is not a setting of Meetbox; …".
    pub message: String,
}

/// Settings that nothing can be started with.
#[derive(Clone, Debug, thiserror::Error)]
pub struct SettingsError {
    pub environment: Environment,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Warning>,
}

impl Problem {
    pub(super) fn new(setting: &Setting, problem: impl Into<String>) -> Self {
        let mut valid = setting.valid();
        if let Some(file) = setting.file_variable() {
            valid = format!("{valid}; or the path of a file with it in {file}");
        }
        Self {
            variable: setting.name.to_owned(),
            problem: problem.into(),
            purpose: setting.purpose.to_owned(),
            example: setting.example.to_owned(),
            valid,
        }
    }
}

impl SettingsError {
    /// Where to go from here.
    pub fn hint(&self) -> String {
        let start = match self.environment {
            Environment::Local => {
                "`meetbox dev` brings all of these along; or copy .env.example to .env and fill it in"
            }
            Environment::Staging | Environment::Production => {
                "set them in the environment of the process (on a developer's machine set APP_ENV=local as well)"
            }
        };
        format!(
            "{start}. docs/settings.md explains every setting; `meetbox check` looks again without starting anything"
        )
    }
}

/// The text in lines of at most `width`, with `between` at the beginning of each but the first.
pub(super) fn wrapped(text: &str, width: usize, between: &str) -> String {
    let mut lines = String::new();
    let mut filled = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if filled > 0 && filled + 1 + length > width {
            lines.push('\n');
            lines.push_str(between);
            filled = 0;
        } else if filled > 0 {
            lines.push(' ');
            filled += 1;
        }
        lines.push_str(word);
        filled += length;
    }
    lines
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.variable, self.problem)?;
        writeln!(f, "    for      {}", wrapped(&self.purpose, WIDTH, INDENT))?;
        writeln!(f, "    example  {}", self.example)?;
        writeln!(f, "    valid    {}", wrapped(&self.valid, WIDTH, INDENT))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.variable, self.message)
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = match self.problems.len() {
            1 => "one setting is".to_owned(),
            more => format!("{more} settings are"),
        };
        writeln!(f, "{number} not right for {}", self.environment)?;
        for problem in &self.problems {
            write!(f, "\n{problem}")?;
        }
        Ok(())
    }
}
