//! Who comes into a meeting, who waits, and who stays outside: pure, and the only place that decides it.

use crate::{
    db::doors::Door,
    model::{
        policy::{Access, Lobby, MeetingRole},
        ticket::TicketState,
    },
};

use super::access::Caller;

/// Somebody at the door, with what they showed.
#[derive(Clone, Debug)]
pub struct Knock<'a> {
    pub caller: &'a Caller,
    /// Under which identity they would join.
    pub identity: &'a str,
    /// The role that a program chose for whom it lets in.
    pub chosen_role: Option<MeetingRole>,
    pub passcode: PasscodeShown,
    /// The role of the invitation that they have, if it is good.
    pub invitation: Option<MeetingRole>,
    /// What was decided about them at this door before, and the role they then had.
    pub before: Option<(TicketState, MeetingRole)>,
    /// Whether they were in the sitting that is running before it was locked.
    pub was_inside: bool,
}

/// Whether somebody knows the passcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasscodeShown {
    Nothing,
    Wrong,
    Right,
}

/// What happens at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// Come in, in this role.
    Admit(MeetingRole),
    /// Wait until a host lets them in, in this role.
    Wait(MeetingRole),
    Refuse(Refusal),
}

/// Why somebody stays outside; the sentence is for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("only people with an account here may join; sign in first")]
    SignInNeeded,
    #[error("only invited people may join; ask the host for a link")]
    InvitationNeeded,
    #[error("the meeting has a passcode; ask the host for it")]
    PasscodeNeeded,
    #[error("that is not the meeting's passcode")]
    PasscodeWrong,
    #[error("the meeting is locked; nobody else can join now")]
    Locked,
    #[error("the host did not let you in")]
    LobbyDenied,
    #[error("you were removed from this meeting and cannot come back to this sitting")]
    Removed,
}

/// Decides what happens to somebody at a door.
///
/// In this order: whoever was removed stays out; a role is found; a lock keeps out who was not inside; whoever was let in
/// before may come back; the meeting's access; its lobby. Hosts pass everything but their own removal.
pub fn decide(door: &Door, knock: &Knock<'_>) -> Entrance {
    // The meeting's own host cannot be removed; an administrator who was is out like anybody else.
    if door.sitting.as_ref().is_some_and(|sitting| sitting.barred.contains(knock.identity)) {
        return Entrance::Refuse(Refusal::Removed);
    }
    let role = role(door, knock);
    if role == MeetingRole::Host {
        return Entrance::Admit(role);
    }
    if keeps_out(door, knock) {
        return Entrance::Refuse(Refusal::Locked);
    }
    // A program answers for whom it lets in.
    if matches!(knock.caller, Caller::Key(_)) {
        return Entrance::Admit(role);
    }
    match knock.before {
        Some((TicketState::Admitted, _)) => return Entrance::Admit(role),
        Some((TicketState::Denied, _)) => return Entrance::Refuse(Refusal::LobbyDenied),
        Some((TicketState::Waiting, _)) | None => {}
    }
    // Whoever waits has shown already what the access asks for.
    let may_knock = knock.before.is_some() || knock.invitation.is_some();
    if let (false, Err(refusal)) = (may_knock, access(door, knock)) {
        return Entrance::Refuse(refusal);
    }
    let waits = match door.policy.lobby {
        Lobby::Off => false,
        Lobby::Guests => !has_account(knock.caller) && knock.invitation.is_none(),
        Lobby::Everyone => true,
    };
    if waits { Entrance::Wait(role) } else { Entrance::Admit(role) }
}

fn owns(door: &Door, caller: &Caller) -> bool {
    matches!(caller, Caller::Account(_)) && caller.reach().covers(door.host)
}

fn has_account(caller: &Caller) -> bool {
    match caller {
        Caller::Account(_) | Caller::Key(_) => true,
        Caller::Nobody | Caller::Guest(_) => false,
    }
}

/// Whether a lock keeps them out: neither were they inside, nor did a host give them a role since.
fn keeps_out(door: &Door, knock: &Knock<'_>) -> bool {
    let locked = door.sitting.as_ref().filter(|sitting| sitting.locked_at.is_some());
    locked.is_some_and(|sitting| !knock.was_inside && !sitting.roles.contains_key(knock.identity))
}

/// Whose meeting it is, is its host; else what was decided in the sitting counts before what they came with.
fn role(door: &Door, knock: &Knock<'_>) -> MeetingRole {
    if owns(door, knock.caller) {
        return MeetingRole::Host;
    }
    let decided = door.sitting.as_ref().and_then(|sitting| sitting.roles.get(knock.identity)).copied();
    let before = knock.before.map(|(_, role)| role);
    decided.or(knock.chosen_role).or(knock.invitation).or(before).unwrap_or(MeetingRole::Speaker)
}

fn access(door: &Door, knock: &Knock<'_>) -> Result<(), Refusal> {
    match (door.policy.access, knock.passcode) {
        (Access::Public, _) | (Access::Passcode, PasscodeShown::Right) => Ok(()),
        (Access::Passcode, PasscodeShown::Nothing) => Err(Refusal::PasscodeNeeded),
        (Access::Passcode, PasscodeShown::Wrong) => Err(Refusal::PasscodeWrong),
        (Access::Accounts, _) if has_account(knock.caller) => Ok(()),
        (Access::Accounts, _) => Err(Refusal::SignInNeeded),
        (Access::Invited, _) => Err(Refusal::InvitationNeeded),
    }
}

#[cfg(test)]
mod tests;
