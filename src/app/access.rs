//! Who may do what: pure, and the only place that decides it.

use crate::config::Environment;

/// Who asks, as far as a request without an account can show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A page in a browser, which cannot hide that it is one.
    Browser,
    /// Something else: a script, a server, a person with curl.
    Program,
}

/// The request is not allowed; the sentence says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error(
        "nobody can sign in to this version of Meetbox yet, so its API answers only where APP_ENV=local; \
         health, docs, the web app's files and LiveKit's webhook answer everywhere"
    )]
    NoAccounts,
    #[error(
        "only programs choose identities, for whoever joins under somebody's identity takes their place; leave `identity` out"
    )]
    IdentityIsOurs,
    #[error("the page that asks is of another site than this one")]
    ForeignPage,
}

/// Whether somebody may use the API at all.
// Until there are accounts, being on a developer's machine is the only proof of being allowed anything.
pub fn may_use_api(environment: Environment) -> Result<(), Denied> {
    match environment {
        Environment::Local => Ok(()),
        Environment::Staging | Environment::Production => Err(Denied::NoAccounts),
    }
}

/// Whether somebody may choose under which identity they join.
pub fn may_choose_identity(caller: Caller) -> Result<(), Denied> {
    match caller {
        Caller::Program => Ok(()),
        Caller::Browser => Err(Denied::IdentityIsOurs),
    }
}

/// Whether somebody may read how the parts of the house are, with reasons.
pub fn may_see_health_details(environment: Environment) -> bool {
    match environment {
        Environment::Local => true,
        Environment::Staging | Environment::Production => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_answers_only_on_a_developers_machine() {
        for (environment, allowed) in
            [(Environment::Local, true), (Environment::Staging, false), (Environment::Production, false)]
        {
            assert_eq!(may_use_api(environment).is_ok(), allowed, "{environment:?}");
            assert_eq!(may_see_health_details(environment), allowed, "{environment:?}");
        }
    }

    #[test]
    fn only_programs_choose_identities() {
        assert_eq!(may_choose_identity(Caller::Program), Ok(()));
        assert_eq!(may_choose_identity(Caller::Browser), Err(Denied::IdentityIsOurs));
    }
}
