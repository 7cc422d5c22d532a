//! Who asks, as an argument of the handler: it is the proof of being allowed to.
//!
//! Each names what may be done with it. poem makes these arguments first, so that a handler never runs for somebody who
//! may not do what it does; that a thing belongs to somebody else is decided where it is read.

use std::marker::PhantomData;

use poem::{Request, RequestBody, Result};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{
    app::access::{self, Asker, Caller, Deed, Denied},
    model::session::SessionHolder,
};

use super::{
    failure::Failure,
    identify::{Outcome, Trouble},
};

/// The names of the schemes in the spec.
const SESSION: &str = "session";
const BEARER: &str = "bearer";

/// Something that may be done, as a type.
pub trait Permission {
    const DEED: Deed;
    /// Whether somebody who shows nothing may do it, too.
    const OPEN: bool;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $deed:ident, $open:literal;)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl Permission for $name {
            const DEED: Deed = Deed::$deed;
            const OPEN: bool = $open;
        }
    )*};
}

permissions! {
    /// Look after API keys.
    KeepKeys = KeepApiKeys, false;
    /// Look after accounts, and read the audit log.
    Administer = Administer, false;
    /// Read meetings and who was there.
    ReadMeetings = ReadMeetings, false;
    /// Make, change and delete meetings, and invite to them.
    WriteMeetings = WriteMeetings, false;
    /// Decide about people in a running meeting; also for guests who are hosts there.
    RunMeetings = RunMeetings, false;
    /// See what it takes to come in.
    LookAtDoor = LookAtDoor, true;
    /// Ask to come in.
    AskForToken = AskForToken, true;
    /// Begin and end recordings; also for guests who are hosts there.
    Record = Record, false;
    /// Look at recordings, and play them.
    ReadRecordings = ReadRecordings, false;
    /// Delete recordings, and keep them from it.
    WriteRecordings = WriteRecordings, false;
}

/// Somebody who may do what `P` names.
pub struct May<P>(pub Asker, PhantomData<P>);

/// Somebody signed in with an account, by a session.
pub struct SignedIn {
    pub asker: Asker,
    pub holder: SessionHolder,
}

/// Whoever asks: with an account when they are signed in with one, and nobody turned away.
pub struct Anybody(pub Option<SessionHolder>);

/// Somebody with a guest's ticket.
pub struct WithTicket(pub crate::model::ticket::Ticket);

impl<'a, P: Permission> ApiExtractor<'a> for May<P> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        describe(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SESSION, BEARER]
    }

    fn has_security_fallback() -> bool {
        P::OPEN
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let asker = asker(request)?;
        access::may(&asker.caller, P::DEED).map_err(Failure::from)?;
        Ok(Self(asker, PhantomData))
    }
}

impl<'a> ApiExtractor<'a> for SignedIn {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        describe(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SESSION, BEARER]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let asker = asker(request)?;
        access::may(&asker.caller, Deed::KeepOwnAccount).map_err(Failure::from)?;
        match &asker.caller {
            Caller::Account(holder) => Ok(Self { holder: holder.clone(), asker }),
            Caller::Nobody | Caller::Key(_) | Caller::Guest(_) => Err(Failure::from(Denied::AccountsOnly).into()),
        }
    }
}

impl<'a> ApiExtractor<'a> for Anybody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        describe(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SESSION, BEARER]
    }

    fn has_security_fallback() -> bool {
        true
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        match found_out(request)? {
            Ok(Asker { caller: Caller::Account(holder), .. }) => Ok(Self(Some(holder.clone()))),
            Ok(_) | Err(Trouble::Denied(_)) => Ok(Self(None)),
            Err(Trouble::Store(err)) => Err(Failure::of_store(err).into()),
        }
    }
}

impl<'a> ApiExtractor<'a> for WithTicket {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        describe(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![BEARER]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        match asker(request)?.caller {
            Caller::Guest(ticket) => Ok(Self(ticket)),
            Caller::Nobody => Err(Failure::from(Denied::SignInNeeded).into()),
            Caller::Account(_) | Caller::Key(_) => Err(Failure::from(Denied::TicketsOnly).into()),
        }
    }
}

/// What `identify.rs` found out.
fn found_out(request: &Request) -> Result<&Result<Asker, Trouble>, Failure> {
    let outcome = request.data::<Outcome>().map(|outcome| outcome.0.as_ref());
    outcome.ok_or_else(|| Failure::broken("a request was not asked who it is"))
}

/// Who asks, when that is known and they may ask.
fn asker(request: &Request) -> Result<Asker, Failure> {
    match found_out(request)? {
        Ok(asker) => Ok(asker.clone()),
        Err(Trouble::Denied(denied)) => Err((*denied).into()),
        Err(Trouble::Store(err)) => Err(Failure::of_store(err)),
    }
}

fn describe(registry: &mut Registry) {
    registry.create_security_scheme(
        SESSION,
        MetaSecurityScheme {
            name: Some("__Host-meetbox_session"),
            key_in: Some("cookie"),
            ..scheme("apiKey", "A signed-in browser. On a developer's machine the cookie is `meetbox_session`.")
        },
    );
    registry.create_security_scheme(
        BEARER,
        MetaSecurityScheme {
            scheme: Some("bearer"),
            ..scheme("http", "A program: an API key, or the token of a session; in a meeting also a guest's ticket.")
        },
    );
}

fn scheme(ty: &'static str, description: &'static str) -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    }
}
