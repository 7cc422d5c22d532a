//! What the checks found, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::Failure;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    Failed,
    /// It could not be found out, or is not there to be looked at; the sentence says why.
    Unknown,
}

/// What one check found: a sentence, and what would mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    state: State,
    said: String,
    fixes: Vec<String>,
}

/// A finding with the check that it is of.
pub struct Line {
    pub group: &'static str,
    pub check: &'static str,
    pub finding: Finding,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl Finding {
    /// As it should be.
    pub fn ok(said: impl Into<String>) -> Self {
        Self { state: State::Ok, said: said.into(), fixes: Vec::new() }
    }

    /// It works, but; and what to do.
    pub fn warning(said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Warning, said: said.into(), fixes: vec![fix.into()] }
    }

    /// It does not work; and what to do.
    pub fn failed(said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Failed, said: said.into(), fixes: vec![fix.into()] }
    }

    /// It could not be looked at, and why.
    pub fn unknown(said: impl Into<String>) -> Self {
        Self { state: State::Unknown, said: said.into(), fixes: Vec::new() }
    }

    /// How it is.
    pub fn state(&self) -> State {
        self.state
    }

    /// The sentence.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// The same, and what failed is only a warning.
    #[must_use]
    pub fn at_most_a_warning(mut self) -> Self {
        if self.state == State::Failed {
            self.state = State::Warning;
        }
        self
    }

    /// One more thing to do.
    #[must_use]
    pub fn or(mut self, fix: impl Into<String>) -> Self {
        self.fixes.push(fix.into());
        self
    }

    /// Several findings about one thing: as bad as the worst of them, with everything that is not well. When all is well,
    /// `all_well` is what is said.
    pub fn of(parts: Vec<Self>, all_well: impl Into<String>) -> Self {
        let worst = |state| parts.iter().any(|part| part.state == state);
        let state = [State::Failed, State::Warning, State::Unknown].into_iter().find(|state| worst(*state));
        let Some(state) = state else { return Self::ok(all_well) };
        let bad: Vec<_> = parts.into_iter().filter(|part| part.state != State::Ok).collect();
        let mut fixes: Vec<String> = Vec::new();
        for fix in bad.iter().flat_map(|part| &part.fixes) {
            if !fixes.contains(fix) {
                fixes.push(fix.clone());
            }
        }
        let said = bad.iter().map(|part| part.said.as_str()).collect::<Vec<_>>().join("; ");
        Self { state, said, fixes }
    }
}

/// How many lines are in each state.
pub fn count(lines: &[Line], state: State) -> usize {
    lines.iter().filter(|line| line.finding.state() == state).count()
}

/// A line for each check under its group's name, and below it what would mend it.
pub fn plain(lines: &[Line]) -> String {
    let width = lines.iter().map(|line| line.check.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    let mut group = "";
    for Line { group: of, check, finding } in lines {
        if *of != group {
            let _ = writeln!(text, "{}{of}", if group.is_empty() { "" } else { "\n" });
            group = of;
        }
        let _ = writeln!(text, "  {:<8} {check:<width$}  {}", finding.state.word(), one_line(&finding.said));
        for fix in &finding.fixes {
            let _ = writeln!(text, "           fix: {}", one_line(fix));
        }
    }
    let numbers = [State::Ok, State::Warning, State::Failed, State::Unknown].map(|state| count(lines, state));
    let [well, warnings, failed, unknown] = numbers;
    let _ =
        writeln!(text, "\n{} checks: {well} ok, {warnings} warnings, {failed} failed, {unknown} unknown", lines.len());
    text
}

/// The same for programs.
pub fn json(lines: &[Line]) -> Result<String, Failure> {
    let view = |line: &Line| CheckView {
        group: line.group,
        check: line.check,
        state: line.finding.state,
        message: one_line(&line.finding.said),
        fixes: line.finding.fixes.clone(),
    };
    let answer = Answer {
        ok: count(lines, State::Failed) == 0,
        version: env!("CARGO_PKG_VERSION"),
        checks: lines.iter().map(view).collect(),
    };
    let text = serde_json::to_string_pretty(&answer);
    text.map(|text| text + "\n").map_err(|err| Failure::ours("cannot put the answer into JSON").because(&err))
}

#[derive(Serialize)]
struct Answer {
    ok: bool,
    version: &'static str,
    checks: Vec<CheckView>,
}

#[derive(Serialize)]
struct CheckView {
    group: &'static str,
    check: &'static str,
    state: State,
    message: String,
    fixes: Vec<String>,
}

/// What others say may have line breaks, and bytes that would move a terminal's cursor.
fn one_line(text: &str) -> String {
    text.split(char::is_whitespace)
        .filter(|word| !word.is_empty())
        .map(|word| word.replace(char::is_control, ""))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_check_and_below_it_what_mends_it() {
        let lines = [
            Line { group: "Machine", check: "clock", finding: Finding::ok("right") },
            Line {
                group: "Machine",
                check: "disk",
                finding: Finding::failed("full\nsays \u{1b}[31mit", "delete").or("grow"),
            },
            Line { group: "Network", check: "dns", finding: Finding::unknown("no name") },
        ];
        assert_eq!(
            plain(&lines),
            "Machine\n  ok       clock  right\n  failed   disk   full says [31mit\n           fix: delete\n           fix: grow\n\n\
             Network\n  unknown  dns    no name\n\n3 checks: 1 ok, 0 warnings, 1 failed, 1 unknown\n"
        );
    }

    #[test]
    fn what_is_not_known_is_no_failure() {
        let lines = [
            Line { group: "Network", check: "dns", finding: Finding::unknown("no name") },
            Line { group: "Recordings", check: "recorder", finding: Finding::warning("silent", "restart") },
        ];
        assert!(json(&lines).unwrap().starts_with("{\n  \"ok\": true,"));
    }

    #[test]
    fn of_several_findings_the_worst_counts_and_all_that_is_not_well_is_said() {
        let parts =
            vec![Finding::ok("a"), Finding::warning("b", "mend"), Finding::failed("c", "mend"), Finding::unknown("d")];
        assert_eq!(Finding::of(parts, "well"), Finding::failed("b; c; d", "mend"));
        assert_eq!(Finding::of(vec![Finding::ok("a")], "well"), Finding::ok("well"));
    }
}
