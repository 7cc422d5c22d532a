//! Who may do what: pure, and the only place that decides it. Who comes into a meeting is decided in `entrance.rs`.

use crate::model::{
    account::AccountRole,
    api_key::{KeyHolder, Scope},
    audit::{Actor, ActorKind},
    id::{AccountId, MeetingId},
    policy::MeetingRole,
    session::SessionHolder,
    ticket::Ticket,
};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Somebody who shows nothing.
    Nobody,
    /// Somebody signed in.
    Account(SessionHolder),
    /// A program with a key.
    Key(KeyHolder),
    /// Somebody with a place at the door of one meeting.
    Guest(Ticket),
}

/// Who asks, and from where.
#[derive(Clone, Debug)]
pub struct Asker {
    pub caller: Caller,
    /// The client's address, as text.
    pub address: String,
}

/// What somebody wants to do, as far as the operation alone decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// Look after one's own account and sessions.
    KeepOwnAccount,
    /// Look after API keys.
    KeepApiKeys,
    /// Look after accounts, read the audit log and the details of health.
    Administer,
    /// Read meetings and who was there.
    ReadMeetings,
    /// Make, change and delete meetings, and invite to them.
    WriteMeetings,
    /// Let people in and send them out, while a meeting is running.
    RunMeetings,
    /// See what it takes to come into a meeting.
    LookAtDoor,
    /// Ask to come into a meeting.
    AskForToken,
    /// Begin and end the recording of a running meeting.
    Record,
    /// Look at recordings, and play them.
    ReadRecordings,
    /// Delete recordings, and keep them from it.
    WriteRecordings,
}

/// The request is not allowed; the sentence says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("sign in, or send an API key as `Authorization: Bearer …`")]
    SignInNeeded,
    #[error("what was sent to sign in with is unknown, has expired or was taken back; sign in again")]
    CredentialUnknown,
    #[error("the key lacks the scope `{}`", .0.as_str())]
    ScopeMissing(Scope),
    #[error("only people signed in with an account may do this")]
    AccountsOnly,
    #[error("only administrators may do this")]
    AdminsOnly,
    #[error("only the meeting's hosts may do this")]
    HostsOnly,
    #[error("only a guest's ticket is good for this")]
    TicketsOnly,
    #[error(
        "only programs with an API key choose identities and roles, for whoever joins under somebody's identity takes \
         their place; leave `identity` and `role` out"
    )]
    IdentityIsOurs,
    #[error("the page that asks is of another site than this one")]
    ForeignPage,
}

/// Whose meetings somebody reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's.
    All,
    /// Their own.
    Of(AccountId),
    /// None.
    Nothing,
}

impl Reach {
    /// Whether a meeting of that host is among them.
    pub fn covers(self, host: Option<AccountId>) -> bool {
        match self {
            Self::All => true,
            Self::Of(account) => host == Some(account),
            Self::Nothing => false,
        }
    }
}

impl Caller {
    /// Whose meetings they reach.
    pub fn reach(&self) -> Reach {
        let of = |(id, role): (AccountId, AccountRole)| match role {
            AccountRole::Admin => Reach::All,
            AccountRole::Host => Reach::Of(id),
        };
        match self {
            Self::Nobody | Self::Guest(_) => Reach::Nothing,
            Self::Account(holder) => of((holder.account_id, holder.role)),
            Self::Key(holder) => holder.owner.map_or(Reach::All, of),
        }
    }

    /// Whose a meeting is that they make.
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Nobody | Self::Guest(_) => None,
            Self::Account(holder) => Some(holder.account_id),
            Self::Key(holder) => holder.owner.map(|(id, _)| id),
        }
    }

    /// As the audit log has them.
    pub fn actor(&self) -> Actor {
        let actor = |kind, id, name: &str| Actor { kind, id, name: name.to_owned() };
        match self {
            Self::Nobody => actor(ActorKind::Nobody, None, ""),
            Self::Account(holder) => actor(ActorKind::Account, Some(holder.account_id.0), &holder.name),
            Self::Key(holder) => actor(ActorKind::Key, Some(holder.key_id.0), &holder.name),
            Self::Guest(ticket) => actor(ActorKind::Guest, Some(ticket.id.0), &ticket.name),
        }
    }
}

/// Whether somebody may do such a thing at all; to which meetings is the business of [`Reach`].
pub fn may(caller: &Caller, deed: Deed) -> Result<(), Denied> {
    match caller {
        Caller::Nobody => match deed {
            Deed::LookAtDoor | Deed::AskForToken => Ok(()),
            Deed::KeepOwnAccount
            | Deed::KeepApiKeys
            | Deed::Administer
            | Deed::ReadMeetings
            | Deed::WriteMeetings
            | Deed::RunMeetings
            | Deed::Record
            | Deed::ReadRecordings
            | Deed::WriteRecordings => Err(Denied::SignInNeeded),
        },
        Caller::Guest(_) => match deed {
            Deed::LookAtDoor | Deed::AskForToken | Deed::RunMeetings | Deed::Record => Ok(()),
            Deed::KeepOwnAccount
            | Deed::KeepApiKeys
            | Deed::Administer
            | Deed::ReadMeetings
            | Deed::WriteMeetings
            | Deed::ReadRecordings
            | Deed::WriteRecordings => Err(Denied::AccountsOnly),
        },
        Caller::Account(holder) => match (deed, holder.role) {
            (Deed::Administer, AccountRole::Host) => Err(Denied::AdminsOnly),
            _ => Ok(()),
        },
        Caller::Key(holder) => {
            let needed = match deed {
                Deed::KeepOwnAccount => return Err(Denied::AccountsOnly),
                // Whoever has the link may, so a key needs no scope for it.
                Deed::LookAtDoor => return Ok(()),
                Deed::KeepApiKeys | Deed::Administer => Scope::Admin,
                Deed::ReadMeetings => Scope::MeetingsRead,
                Deed::WriteMeetings | Deed::RunMeetings => Scope::MeetingsWrite,
                Deed::AskForToken => Scope::TokensCreate,
                Deed::ReadRecordings => Scope::RecordingsRead,
                Deed::Record | Deed::WriteRecordings => Scope::RecordingsWrite,
            };
            let by_a_host = matches!(holder.owner, Some((_, AccountRole::Host)));
            match deed {
                // An administrator's key that outlives the role does not outlive its power.
                Deed::Administer if by_a_host => Err(Denied::AdminsOnly),
                _ if holder.scopes.allow(needed) => Ok(()),
                _ => Err(Denied::ScopeMissing(needed)),
            }
        }
    }
}

/// Whether somebody may make meetings: also by asking for a token to one that is not there.
pub fn may_make_meetings(caller: &Caller) -> bool {
    may(caller, Deed::WriteMeetings).is_ok()
}

/// Whether somebody may say under which identity and in which role they let somebody in.
pub fn may_choose_identity(caller: &Caller) -> Result<(), Denied> {
    match caller {
        Caller::Key(_) => Ok(()),
        Caller::Nobody | Caller::Account(_) | Caller::Guest(_) => Err(Denied::IdentityIsOurs),
    }
}

/// Whether somebody runs a meeting; `role` is the one they have in the sitting, if they have any.
pub fn runs(caller: &Caller, meeting: MeetingId, host: Option<AccountId>, role: Option<MeetingRole>) -> bool {
    let is_host_there = role == Some(MeetingRole::Host);
    match caller {
        Caller::Nobody => false,
        Caller::Guest(ticket) => ticket.meeting_id == meeting && is_host_there,
        Caller::Account(_) => caller.reach().covers(host) || is_host_there,
        Caller::Key(_) => caller.reach().covers(host),
    }
}

#[cfg(test)]
mod tests;
