//! Who comes in, as tables; and what holds whatever the circumstances.

use std::collections::{HashMap, HashSet};

use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    db::doors::Sitting,
    model::{
        account::AccountRole,
        api_key::{KeyHolder, Scopes},
        id::{AccountId, ApiKeyId, InstanceId, MeetingId, SessionId},
        policy::Policy,
        session::{SessionHolder, Transport},
    },
};

const ADA: AccountId = AccountId(Uuid::from_u128(1));
const ME: &str = "g_me";

fn door(access: Access, lobby: Lobby) -> Door {
    Door {
        meeting_id: MeetingId(Uuid::nil()),
        title: None,
        host: Some(ADA),
        policy: Policy::new(access, lobby),
        passcode_hash: None,
        auto_record: false,
        recorded_since: None,
        sitting: Some(Sitting {
            id: InstanceId(Uuid::nil()),
            locked_at: None,
            barred: HashSet::new(),
            roles: HashMap::new(),
        }),
    }
}

fn account(id: u128) -> Caller {
    Caller::Account(SessionHolder {
        session_id: SessionId(Uuid::nil()),
        account_id: AccountId(Uuid::from_u128(id)),
        name: "Ada".to_owned(),
        role: AccountRole::Host,
        transport: Transport::Cookie,
        seen_at: DateTime::UNIX_EPOCH,
        expires_at: DateTime::UNIX_EPOCH,
    })
}

fn key() -> Caller {
    let scopes = Scopes::parse(["tokens:create"]).unwrap();
    Caller::Key(KeyHolder {
        key_id: ApiKeyId(Uuid::nil()),
        name: "k".to_owned(),
        scopes,
        owner: None,
        expires_at: None,
    })
}

fn knock(caller: &Caller) -> Knock<'_> {
    Knock {
        caller,
        identity: ME,
        chosen_role: None,
        passcode: PasscodeShown::Nothing,
        invitation: None,
        before: None,
        was_inside: false,
    }
}

fn lock(door: &mut Door) {
    door.sitting.as_mut().unwrap().locked_at = Some(DateTime::UNIX_EPOCH);
}

fn bar(door: &mut Door) {
    door.sitting.as_mut().unwrap().barred.insert(ME.to_owned());
}

const IN: Entrance = Entrance::Admit(MeetingRole::Speaker);
const AS_HOST: Entrance = Entrance::Admit(MeetingRole::Host);
const WAIT: Entrance = Entrance::Wait(MeetingRole::Speaker);

fn no(refusal: Refusal) -> Entrance {
    Entrance::Refuse(refusal)
}

#[test]
fn access_and_lobby_decide_about_whoever_comes_with_nothing_but_the_link() {
    use Refusal::{InvitationNeeded, PasscodeNeeded, SignInNeeded};
    let (guest, other, owner) = (Caller::Nobody, account(2), account(1));
    let table = [
        (Access::Public, Lobby::Off, IN, IN),
        (Access::Public, Lobby::Guests, WAIT, IN),
        (Access::Public, Lobby::Everyone, WAIT, WAIT),
        (Access::Passcode, Lobby::Off, no(PasscodeNeeded), no(PasscodeNeeded)),
        (Access::Accounts, Lobby::Off, no(SignInNeeded), IN),
        (Access::Accounts, Lobby::Guests, no(SignInNeeded), IN),
        (Access::Accounts, Lobby::Everyone, no(SignInNeeded), WAIT),
        (Access::Invited, Lobby::Off, no(InvitationNeeded), no(InvitationNeeded)),
    ];
    for (access, lobby, for_guest, for_account) in table {
        let door = door(access, lobby);
        assert_eq!(decide(&door, &knock(&guest)), for_guest, "{access:?} {lobby:?}");
        assert_eq!(decide(&door, &knock(&other)), for_account, "{access:?} {lobby:?}");
        assert_eq!(decide(&door, &knock(&owner)), AS_HOST, "{access:?} {lobby:?}");
        assert_eq!(decide(&door, &knock(&key())), IN, "a program answers for whom it lets in");
    }
}

#[test]
fn a_passcode_opens_and_a_wrong_one_does_not() {
    let door = door(Access::Passcode, Lobby::Guests);
    let with = |passcode| decide(&door, &Knock { passcode, ..knock(&Caller::Nobody) });

    assert_eq!(with(PasscodeShown::Right), WAIT, "to the lobby");
    assert_eq!(with(PasscodeShown::Wrong), no(Refusal::PasscodeWrong));
    assert_eq!(with(PasscodeShown::Nothing), no(Refusal::PasscodeNeeded));
}

#[test]
fn an_invitation_passes_the_access_and_the_guests_lobby() {
    for access in Access::ALL {
        let with =
            |lobby, role| decide(&door(access, lobby), &Knock { invitation: Some(role), ..knock(&Caller::Nobody) });
        assert_eq!(with(Lobby::Guests, MeetingRole::Viewer), Entrance::Admit(MeetingRole::Viewer));
        assert_eq!(with(Lobby::Everyone, MeetingRole::Viewer), Entrance::Wait(MeetingRole::Viewer));
        assert_eq!(with(Lobby::Everyone, MeetingRole::Host), AS_HOST);
    }
}

#[test]
fn what_was_decided_before_holds() {
    let door = door(Access::Passcode, Lobby::Guests);
    let with = |state| decide(&door, &Knock { before: Some((state, MeetingRole::Viewer)), ..knock(&Caller::Nobody) });

    assert_eq!(with(TicketState::Admitted), Entrance::Admit(MeetingRole::Viewer));
    assert_eq!(with(TicketState::Denied), no(Refusal::LobbyDenied));
    assert_eq!(with(TicketState::Waiting), Entrance::Wait(MeetingRole::Viewer), "without the passcode again");
}

#[test]
fn a_role_that_was_given_in_the_sitting_counts_before_the_one_they_came_with() {
    let mut door = door(Access::Public, Lobby::Everyone);
    door.sitting.as_mut().unwrap().roles.insert(ME.to_owned(), MeetingRole::Host);
    let before = Some((TicketState::Admitted, MeetingRole::Viewer));
    assert_eq!(decide(&door, &Knock { before, ..knock(&Caller::Nobody) }), AS_HOST);
}

#[test]
fn a_lock_keeps_out_whoever_was_not_inside() {
    let mut door = door(Access::Public, Lobby::Off);
    lock(&mut door);
    let admitted = Some((TicketState::Admitted, MeetingRole::Speaker));

    assert_eq!(decide(&door, &knock(&Caller::Nobody)), no(Refusal::Locked));
    assert_eq!(decide(&door, &Knock { before: admitted, ..knock(&Caller::Nobody) }), no(Refusal::Locked));
    assert_eq!(decide(&door, &Knock { was_inside: true, ..knock(&Caller::Nobody) }), IN, "they come back");
    assert_eq!(decide(&door, &knock(&account(1))), AS_HOST);

    door.sitting.as_mut().unwrap().roles.insert(ME.to_owned(), MeetingRole::Viewer);
    assert_eq!(decide(&door, &knock(&Caller::Nobody)), Entrance::Admit(MeetingRole::Viewer), "a host gave them a role");
}

fn administrator() -> Caller {
    match account(3) {
        Caller::Account(holder) => Caller::Account(SessionHolder { role: AccountRole::Admin, ..holder }),
        caller => caller,
    }
}

fn anybody() -> impl Strategy<Value = Caller> {
    prop_oneof![Just(Caller::Nobody), Just(account(2)), Just(administrator()), Just(key())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whoever_was_removed_stays_out_whatever_they_show(
        caller in anybody(), access in prop::sample::select(&Access::ALL[..]), lobby in prop::sample::select(&Lobby::ALL[..]),
        invitation in prop::option::of(prop::sample::select(&MeetingRole::ALL[..])),
        role in prop::sample::select(&MeetingRole::ALL[..]), was_inside: bool,
    ) {
        let mut door = door(access, lobby);
        bar(&mut door);
        let before = Some((TicketState::Admitted, role));
        let passcode = PasscodeShown::Right;
        let knock = Knock { invitation, before, passcode, was_inside, chosen_role: Some(role), ..knock(&caller) };
        prop_assert_eq!(decide(&door, &knock), no(Refusal::Removed));
    }

    #[test]
    fn nobody_becomes_host_by_themselves(
        caller in prop_oneof![Just(Caller::Nobody), Just(account(2))],
        access in prop::sample::select(&Access::ALL[..]), lobby in prop::sample::select(&Lobby::ALL[..]),
        passcode in prop::sample::select(vec![PasscodeShown::Nothing, PasscodeShown::Right, PasscodeShown::Wrong]),
        was_inside: bool,
    ) {
        let decided = decide(&door(access, lobby), &Knock { passcode, was_inside, ..knock(&caller) });
        prop_assert!(!matches!(decided, Entrance::Admit(MeetingRole::Host) | Entrance::Wait(MeetingRole::Host)));
    }
}
