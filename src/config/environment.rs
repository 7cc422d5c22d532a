//! Where this process runs: a developer's machine, or a place where strangers come.

use std::fmt;

use super::{
    kind::Kind,
    problem::{Problem, Warning},
    source::Source,
    table::{Default, Required, Section, Setting},
};

/// Where this process runs, and so how strict it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine: nobody else reaches it.
    Local,
    /// Like production, for trying things out.
    Staging,
    /// The real thing; what is meant when nothing is said.
    Production,
}

pub(super) const SECTION: Section = Section {
    title: "Environment",
    purpose: "How strict Meetbox is. `local` takes secrets that everybody knows, keeps cookies without TLS and tells \
              everybody how its parts are. It is for a developer's machine only, so it has to be said in so many words, \
              in the real environment.",
    settings: &[&APP_ENV, &NODE_ENV],
};

const APP_ENV: Setting = Setting {
    name: "APP_ENV",
    purpose: "where this process runs, and so how strict it is",
    example: "production",
    default: Default::Value("production"),
    required: Required::Never,
    kind: Kind::Choice(&["local", "staging", "production"]),
    note: "only the real environment can set it, .env cannot",
    secret: false,
};

const NODE_ENV: Setting = Setting {
    name: "NODE_ENV",
    purpose: "the same for tools that know no APP_ENV; asked only when APP_ENV is not set",
    example: "production",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::Choice(&["staging", "production"]),
    note: "any other word means production, for it can never select local",
    secret: false,
};

impl Environment {
    /// The name as `APP_ENV` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Local, Self::Staging, Self::Production].into_iter().find(|environment| environment.name() == text)
    }

    /// Asks the real environment only; whatever is not understood is production, the strictest.
    pub(super) fn of(source: &Source) -> (Self, Option<Problem>, Option<Warning>) {
        let said = |name| source.variable(name).filter(|text| !text.is_empty());

        if let Some(text) = said(APP_ENV.name) {
            let environment = Self::parse(text);
            let problem = || format!("is none of the words it may be: `{}`", super::reader::shown(text));
            let problem = environment.is_none().then(|| Problem::new(&APP_ENV, problem()));
            return (environment.unwrap_or(Self::Production), problem, None);
        }
        match said(NODE_ENV.name).map(Self::parse) {
            None => (Self::Production, None, None),
            Some(Some(environment @ (Self::Staging | Self::Production))) => (environment, None, None),
            Some(Some(Self::Local) | None) => (Self::Production, None, Some(node_env_is_not_local())),
        }
    }
}

fn node_env_is_not_local() -> Warning {
    Warning {
        variable: NODE_ENV.name.to_owned(),
        message: "can say staging or production and nothing else, so this is production; \
                  on a developer's machine set APP_ENV=local"
            .to_owned(),
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
