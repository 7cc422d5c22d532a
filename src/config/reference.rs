//! The settings as people read them: `.env.example` and `docs/settings.md`, both made from the table.

use std::fmt::Write as _;

use super::{
    problem::wrapped,
    table::{Default, Required, SECTIONS, Setting},
};

/// How wide the comments of `.env.example` are.
const WIDTH: usize = 110;

const ENV_EXAMPLE_HEAD: &str = "\
# The settings of Meetbox on a developer's machine: copy to .env and change what differs.
#
# Under `meetbox dev` none of them is needed: it starts what is not set, and uses what is.
# .env is read when APP_ENV=local stands in the real environment, and by `make dev`; what the real environment says wins.
# What has a `#` before it is optional. Made from the table of settings in src/config; docs/settings.md tells more.
";

const REFERENCE_HEAD: &str = "\
# Settings

Meetbox is set by environment variables. `meetbox check` reads them without starting anything, tells every
problem at once and exits with 1 when there is one; `meetbox check --json` says the same to programs.

This page is made from the table of settings in `src/config/`, as are `.env.example` and every error text.

## How they are read

- **A variable that is empty counts as not set.**
- **Secrets may stand in files.** For a setting marked *secret*, say `DATABASE_URL_FILE=/run/secrets/database_url`
  in place of `DATABASE_URL`: the value is what the file holds, without the line's end. Setting both is a mistake,
  and so is a file that cannot be read. No secret is ever printed or logged.
- **`.env` is for developers.** It is read from the working directory, by `meetbox dev` and when the real environment says
  `APP_ENV=local`, and what the real environment says wins. One `NAME=value` a line; `#` begins a comment; quotes are
  needed only when white space or ` #` belongs to the value; `$` stands for itself.
- **An installation keeps its settings in `/etc/meetbox/meetbox.env`**, in the same form. It is read outside local, by the
  server and by every command; a service that may not read it gets it from systemd (`LoadCredential=meetbox.env`). What the
  real environment says wins.
- **`APP_ENV` cannot be set in either file**, and `NODE_ENV` can say `production` or `staging` but never `local`: a stray
  file or another tool's habit must not open a server. When nothing is said, it is production.
- **Outside local** placeholders and short secrets are refused, the examples below included, and browsers must
  reach LiveKit over `wss`.
- **A slip of the pen is noticed**: `LIVEKIT_API_SECERT` brings a warning that names the setting that is meant.
";

/// The text of `.env.example`.
pub fn env_example() -> String {
    let mut text = ENV_EXAMPLE_HEAD.to_owned();
    for section in SECTIONS {
        let _ = write!(text, "\n# ── {} ──\n", section.title);
        for setting in section.settings {
            push_example(&mut text, setting);
        }
    }
    text
}

fn push_example(text: &mut String, setting: &Setting) {
    let valid = setting.valid();
    let default = match setting.default {
        Default::Nothing => String::new(),
        _ => format!(" Default: {}.", default_words(setting)),
    };
    let valid = format!("Valid: {valid}.{default}");
    let _ = writeln!(text, "\n# {}.", sentence(setting.purpose));
    let _ = writeln!(text, "# {}", wrapped(&valid, WIDTH, "# "));
    let optional = if matches!(setting.required, Required::In(_)) { "" } else { "# " };
    let _ = writeln!(text, "{optional}{}={}", setting.name, setting.example);
}

/// The text of `docs/settings.md`.
pub fn reference() -> String {
    let mut text = REFERENCE_HEAD.to_owned();
    for section in SECTIONS {
        let _ = write!(text, "\n## {}\n\n{}\n\n", section.title, section.purpose);
        text.push_str("| variable | what it is for | valid | default | example |\n| --- | --- | --- | --- | --- |\n");
        for setting in section.settings {
            let secret = if setting.secret { "<br>*secret*" } else { "" };
            let _ = writeln!(
                text,
                "| `{}`{secret} | {} | {} | {} | `{}` |",
                setting.name,
                setting.purpose,
                setting.valid(),
                default_words(setting),
                setting.example
            );
        }
    }
    text
}

fn default_words(setting: &Setting) -> String {
    match (setting.default, setting.required) {
        (Default::Value(value), _) => value.to_owned(),
        (Default::ByEnvironment { local, elsewhere }, _) => format!("{local} in local, {elsewhere} elsewhere"),
        (Default::From(words), _) => words.to_owned(),
        (Default::Nothing, Required::In(_)) => "**required**".to_owned(),
        (Default::Nothing, Required::WithItsSection) => "**required** with the others here".to_owned(),
        (Default::Nothing, Required::Never) => "nothing".to_owned(),
    }
}

fn sentence(phrase: &str) -> String {
    let mut chars = phrase.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
