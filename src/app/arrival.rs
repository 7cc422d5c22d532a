//! Somebody's arrival at a meeting's door: what is known of them, and what their coming in leaves behind.

use std::sync::Arc;

use uuid::Uuid;

use crate::{
    db::{self, DbError, doors::Door},
    livekit::token::Join,
    model::{
        credential::{Credential, CredentialKind},
        id::TicketId,
        invitation::Invitation,
        participant::Identity,
        policy::{Access, MeetingRole},
        ticket::{Ticket, TicketState},
    },
};

use super::{
    App,
    access::{Asker, Caller},
    credentials,
    entrance::{self, Entrance, Knock, PasscodeShown},
    guessing::{Guesser, Verdict},
    tokens::{Pass, Place, TokenError, Wish},
};

/// Somebody at a door.
pub(super) struct Arrival<'a> {
    app: &'a App,
    asker: &'a Asker,
    door: Arc<Door>,
    wish: Wish,
    identity: Identity,
    /// Their place at this door of before, however old.
    ticket: Option<Ticket>,
    /// The secret of a guest's ticket; none for others, and for a guest who has none yet.
    secret: Option<Credential>,
    invitation: Option<Invitation>,
}

impl<'a> Arrival<'a> {
    /// Finds out who it is, and whether their invitation is good.
    pub async fn new(app: &'a App, asker: &'a Asker, door: Arc<Door>, wish: Wish) -> Result<Self, TokenError> {
        let ticket = match &asker.caller {
            Caller::Key(_) => None,
            // Whose meeting it is needs no place at its door.
            Caller::Account(_) if asker.caller.reach().covers(door.host) => None,
            Caller::Account(holder) => {
                let identity = Identity::of_account(holder.account_id);
                db::tickets::find_of(&app.db, door.meeting_id, identity.as_str()).await?
            }
            Caller::Guest(ticket) => Some(ticket.clone()),
            Caller::Nobody => match &wish.ticket {
                Some(secret) => db::tickets::find(&app.db, secret.hash()).await?,
                None => None,
            },
        };
        // A ticket to another meeting says nothing here.
        let ticket = ticket.filter(|ticket| ticket.meeting_id == door.meeting_id);
        let identity = match (&asker.caller, &ticket) {
            (Caller::Account(holder), _) => Identity::of_account(holder.account_id),
            (Caller::Key(_), _) => wish.identity.clone().unwrap_or_else(|| Identity::made(Uuid::new_v4())),
            (Caller::Nobody | Caller::Guest(_), Some(ticket)) => Identity::of_guest(ticket.id),
            (Caller::Nobody | Caller::Guest(_), None) => Identity::of_guest(TicketId(Uuid::new_v4())),
        };
        let secret = wish.ticket.clone().filter(|_| ticket.is_some());
        let mut arrival = Self { app, asker, door, wish, identity, ticket, secret, invitation: None };
        arrival.invitation = arrival.look_at_invitation().await?;
        Ok(arrival)
    }

    async fn look_at_invitation(&self) -> Result<Option<Invitation>, TokenError> {
        let Some(secret) = &self.wish.invitation else { return Ok(None) };
        // Whose meeting it is needs none, and uses none up when they try the link.
        if self.asker.caller.reach().covers(self.door.host) && !matches!(self.asker.caller, Caller::Key(_)) {
            return Ok(None);
        }
        let invitation = db::invitations::find(&self.app.db, self.door.meeting_id, secret.hash()).await?;
        if let Some(invitation) = invitation {
            let before = db::invitations::was_used_by(&self.app.db, invitation.id, self.identity.as_str()).await?;
            if invitation.is_good(self.app.clock.now(), before) {
                return Ok(Some(invitation));
            }
        }
        // Whoever was let in comes back by the same link, whatever has become of the invitation.
        match self.standing_ticket().map(|ticket| ticket.state) {
            Some(TicketState::Admitted) => Ok(None),
            Some(TicketState::Waiting | TicketState::Denied) | None => Err(TokenError::InvitationSpent),
        }
    }

    /// What happens to them.
    pub async fn decide(&self) -> Result<Entrance, TokenError> {
        let knock = Knock {
            caller: &self.asker.caller,
            identity: self.identity.as_str(),
            chosen_role: self.wish.role,
            passcode: self.passcode().await?,
            invitation: self.invitation.as_ref().map(|invitation| invitation.role),
            before: self.standing_ticket().map(|ticket| (ticket.state, ticket.role)),
            was_inside: self.was_inside().await?,
        };
        Ok(entrance::decide(&self.door, &knock))
    }

    /// Their place of before, if it still says anything.
    fn standing_ticket(&self) -> Option<&Ticket> {
        let now = self.app.clock.now();
        self.ticket.as_ref().filter(|ticket| ticket.is_good(now))
    }

    /// Looks at the passcode, where it matters; wrong ones make the next wait.
    async fn passcode(&self) -> Result<PasscodeShown, TokenError> {
        let is_asked_for = self.door.policy.access == Access::Passcode
            && self.standing_ticket().is_none()
            && self.invitation.is_none()
            && !self.asker.caller.reach().covers(self.door.host);
        let (true, Some(passcode)) = (is_asked_for, &self.wish.passcode) else { return Ok(PasscodeShown::Nothing) };

        let hash = self.door.passcode_hash.as_deref();
        let look = async { Ok::<_, TokenError>(self.app.passwords.verify(passcode.expose(), hash).await?) };
        match Guesser::at_passcode(self.door.meeting_id, &self.asker.address).guess(self.app, look).await? {
            Verdict::TooSoon(wait) => Err(TokenError::TooSoon(wait)),
            Verdict::Wrong => Ok(PasscodeShown::Wrong),
            Verdict::Right => Ok(PasscodeShown::Right),
        }
    }

    /// Whether they were in the sitting that is running before it was locked; asked only where it is.
    async fn was_inside(&self) -> Result<bool, DbError> {
        match &self.door.sitting {
            Some(sitting) if sitting.locked_at.is_some() => {
                db::standings::was_inside_at_lock(&self.app.db, sitting.id, self.identity.as_str()).await
            }
            _ => Ok(false),
        }
    }

    /// Uses the invitation up by one, unless they have used it before. Of two who come with its last use at once, one is
    /// told that it is spent.
    pub async fn use_invitation(&self) -> Result<(), TokenError> {
        match &self.invitation {
            Some(invitation) => Box::pin(self.use_up(invitation)).await,
            None => Ok(()),
        }
    }

    async fn use_up(&self, invitation: &Invitation) -> Result<(), TokenError> {
        let identity = self.identity.as_str();
        let now = self.app.clock.now();
        let mut tx = self.app.begin().await.map_err(DbError::from)?;
        db::invitations::lock(&mut *tx, invitation.id).await?;
        let current = db::invitations::get(&mut *tx, invitation.id).await?.ok_or(TokenError::InvitationSpent)?;
        let before = db::invitations::was_used_by(&mut *tx, invitation.id, identity).await?;
        if !current.is_good(now, before) {
            return Err(TokenError::InvitationSpent);
        }
        db::invitations::note_use(&mut *tx, invitation.id, identity, now).await?;
        tx.commit().await.map_err(DbError::from)?;
        Ok(())
    }

    /// A host who comes into a locked sitting later is not one whom the lock keeps out.
    pub async fn note_host_in_locked_sitting(&self, role: MeetingRole) -> Result<(), DbError> {
        match &self.door.sitting {
            Some(sitting) if sitting.locked_at.is_some() && role == MeetingRole::Host => {
                let (db, identity, now) = (&self.app.db, self.identity.as_str(), self.app.clock.now());
                db::standings::set_role(db, sitting.id, identity, role, now).await
            }
            _ => Ok(()),
        }
    }

    /// Writes down their place at the door, where they need one: guests, whoever waits, and whoever an invitation let in.
    pub async fn take_place(&self, state: TicketState, role: MeetingRole) -> Result<Place, DbError> {
        let now = self.app.clock.now();
        let is_guest = match &self.asker.caller {
            Caller::Nobody | Caller::Guest(_) => true,
            Caller::Account(_) => false,
            Caller::Key(_) => return Ok(Place { ticket: None, since: now }),
        };
        if let Some(ticket) = self.standing_ticket().filter(|ticket| ticket.state == state && ticket.role == role) {
            db::tickets::touch(&self.app.db, ticket.id, self.wish.name.as_str(), now).await?;
            return Ok(Place { ticket: self.secret.clone(), since: ticket.created_at });
        }
        let needs_one = is_guest || state == TicketState::Waiting || self.invitation.is_some() || self.ticket.is_some();
        if !needs_one {
            return Ok(Place { ticket: None, since: now });
        }

        let is_new_guest = is_guest && self.ticket.is_none();
        let fresh = is_new_guest.then(|| credentials::make(CredentialKind::Ticket));
        let ticket = Ticket {
            id: self.ticket_id(),
            meeting_id: self.door.meeting_id,
            account_id: if is_guest { None } else { self.asker.caller.account() },
            identity: self.identity.as_str().to_owned(),
            name: self.wish.name.as_str().to_owned(),
            role,
            state,
            created_at: now,
            seen_at: now,
            decided_at: (state != TicketState::Waiting).then_some(now),
        };
        db::tickets::put(&self.app.db, &ticket, fresh.as_ref().map(Credential::hash)).await?;
        Ok(Place { ticket: fresh.or_else(|| self.secret.clone()), since: now })
    }

    /// The id of their ticket; a guest's identity is made of it.
    fn ticket_id(&self) -> TicketId {
        let known = self.ticket.as_ref().map(|ticket| ticket.id);
        known.or_else(|| self.identity.guest_ticket()).unwrap_or_else(|| TicketId(Uuid::new_v4()))
    }

    /// Their way into the room.
    pub fn pass(self, role: MeetingRole, ticket: Option<Credential>) -> Pass {
        let now = self.app.clock.now();
        let expires_at = now + self.app.token_ttl;
        let join = Join {
            room: &self.wish.room_name,
            identity: &self.identity,
            name: &self.wish.name,
            role,
            sources: self.door.policy.sources_of(role),
        };
        let token = self.app.livekit.keys().mint_join(&join, now, expires_at);
        Pass {
            token,
            expires_at,
            identity: self.identity,
            role,
            meeting_id: self.door.meeting_id,
            auto_record: self.door.auto_record,
            recorded_since: self.door.recorded_since,
            ticket,
        }
    }
}
