//! What each kind of caller may do, as a table.

use chrono::DateTime;
use uuid::Uuid;

use super::*;
use crate::model::{
    api_key::{SCOPES, Scopes},
    id::{ApiKeyId, SessionId, TicketId},
    session::Transport,
    ticket::TicketState,
};

const DEEDS: [Deed; 11] = [
    Deed::KeepOwnAccount,
    Deed::KeepApiKeys,
    Deed::Administer,
    Deed::ReadMeetings,
    Deed::WriteMeetings,
    Deed::RunMeetings,
    Deed::LookAtDoor,
    Deed::AskForToken,
    Deed::Record,
    Deed::ReadRecordings,
    Deed::WriteRecordings,
];

const ADA: AccountId = AccountId(Uuid::from_u128(1));
const BOB: AccountId = AccountId(Uuid::from_u128(2));
const MEETING: MeetingId = MeetingId(Uuid::from_u128(3));

fn account(id: AccountId, role: AccountRole) -> Caller {
    Caller::Account(SessionHolder {
        session_id: SessionId(Uuid::nil()),
        account_id: id,
        name: "Ada".to_owned(),
        role,
        transport: Transport::Cookie,
        seen_at: DateTime::UNIX_EPOCH,
        expires_at: DateTime::UNIX_EPOCH,
    })
}

fn key(scope: Scope, owner: Option<(AccountId, AccountRole)>) -> Caller {
    let scopes = Scopes::parse([scope.as_str()]).unwrap();
    Caller::Key(KeyHolder { key_id: ApiKeyId(Uuid::nil()), name: "k".to_owned(), scopes, owner, expires_at: None })
}

fn guest(role: MeetingRole) -> Caller {
    Caller::Guest(Ticket {
        id: TicketId(Uuid::nil()),
        meeting_id: MEETING,
        account_id: None,
        identity: "g_1".to_owned(),
        name: "Gus".to_owned(),
        role,
        state: TicketState::Admitted,
        created_at: DateTime::UNIX_EPOCH,
        seen_at: DateTime::UNIX_EPOCH,
        decided_at: None,
    })
}

#[test]
fn each_deed_is_for_those_whom_the_table_names() {
    use Deed::*;
    let table: [(Caller, &[Deed]); 10] = [
        (Caller::Nobody, &[LookAtDoor, AskForToken]),
        (guest(MeetingRole::Host), &[LookAtDoor, AskForToken, RunMeetings, Record]),
        (account(ADA, AccountRole::Admin), &DEEDS),
        (
            account(ADA, AccountRole::Host),
            &[
                KeepOwnAccount,
                KeepApiKeys,
                ReadMeetings,
                WriteMeetings,
                RunMeetings,
                LookAtDoor,
                AskForToken,
                Record,
                ReadRecordings,
                WriteRecordings,
            ],
        ),
        (key(Scope::TokensCreate, None), &[LookAtDoor, AskForToken]),
        (key(Scope::MeetingsRead, None), &[LookAtDoor, ReadMeetings]),
        (key(Scope::RecordingsRead, None), &[LookAtDoor, ReadRecordings]),
        (key(Scope::RecordingsWrite, None), &[LookAtDoor, Record, ReadRecordings, WriteRecordings]),
        (key(Scope::MeetingsWrite, None), &[LookAtDoor, ReadMeetings, WriteMeetings, RunMeetings]),
        (
            key(Scope::Admin, None),
            &[
                KeepApiKeys,
                Administer,
                ReadMeetings,
                WriteMeetings,
                RunMeetings,
                LookAtDoor,
                AskForToken,
                Record,
                ReadRecordings,
                WriteRecordings,
            ],
        ),
    ];
    for (caller, allowed) in table {
        for deed in DEEDS {
            assert_eq!(may(&caller, deed).is_ok(), allowed.contains(&deed), "{caller:?} {deed:?}");
        }
    }
}

#[test]
fn a_refusal_says_what_would_help() {
    assert_eq!(may(&Caller::Nobody, Deed::ReadMeetings), Err(Denied::SignInNeeded));
    assert_eq!(may(&guest(MeetingRole::Host), Deed::ReadMeetings), Err(Denied::AccountsOnly));
    assert_eq!(may(&account(ADA, AccountRole::Host), Deed::Administer), Err(Denied::AdminsOnly));
    let reader = key(Scope::MeetingsRead, None);
    assert_eq!(may(&reader, Deed::WriteMeetings), Err(Denied::ScopeMissing(Scope::MeetingsWrite)));
    let demoted = key(Scope::Admin, Some((ADA, AccountRole::Host)));
    assert_eq!(may(&demoted, Deed::Administer), Err(Denied::AdminsOnly), "its owner is no administrator any more");
}

#[test]
fn a_host_reaches_their_own_meetings_and_an_administrator_all() {
    let reach = |caller: Caller| [Some(ADA), Some(BOB), None].map(|host| caller.reach().covers(host));

    assert_eq!(reach(Caller::Nobody), [false; 3]);
    assert_eq!(reach(guest(MeetingRole::Host)), [false; 3]);
    assert_eq!(reach(account(ADA, AccountRole::Host)), [true, false, false]);
    assert_eq!(reach(account(ADA, AccountRole::Admin)), [true; 3]);
    assert_eq!(reach(key(Scope::MeetingsRead, Some((ADA, AccountRole::Host)))), [true, false, false]);
    assert_eq!(reach(key(Scope::MeetingsRead, Some((ADA, AccountRole::Admin)))), [true; 3]);
    assert_eq!(reach(key(Scope::MeetingsRead, None)), [true; 3]);
}

#[test]
fn whoever_is_host_in_a_sitting_runs_it_and_nobody_elses() {
    let run = |caller: &Caller, host, role| runs(caller, MEETING, host, role);
    let roles = [None, Some(MeetingRole::Viewer), Some(MeetingRole::Speaker)];

    for role in roles {
        assert!(!run(&guest(MeetingRole::Host), Some(ADA), role), "the role of the sitting counts");
        assert!(!run(&account(BOB, AccountRole::Host), Some(ADA), role));
        assert!(run(&account(ADA, AccountRole::Host), Some(ADA), role));
        assert!(run(&account(BOB, AccountRole::Admin), Some(ADA), role));
        assert!(!run(&Caller::Nobody, Some(ADA), role));
        assert!(run(&key(Scope::MeetingsWrite, None), Some(ADA), role));
        assert!(!run(&key(Scope::MeetingsWrite, Some((BOB, AccountRole::Host))), Some(ADA), role));
    }
    assert!(run(&guest(MeetingRole::Speaker), Some(ADA), Some(MeetingRole::Host)));
    assert!(run(&account(BOB, AccountRole::Host), Some(ADA), Some(MeetingRole::Host)));
    let elsewhere = MeetingId(Uuid::from_u128(9));
    assert!(!runs(&guest(MeetingRole::Host), elsewhere, Some(ADA), Some(MeetingRole::Host)));
}

#[test]
fn only_keys_choose_identities_and_only_who_may_write_makes_meetings_by_joining() {
    for scope in SCOPES {
        assert_eq!(may_choose_identity(&key(scope, None)), Ok(()));
        let makes = matches!(scope, Scope::MeetingsWrite | Scope::Admin);
        assert_eq!(may_make_meetings(&key(scope, None)), makes, "{scope:?}");
    }
    for caller in [Caller::Nobody, guest(MeetingRole::Host), account(ADA, AccountRole::Admin)] {
        assert_eq!(may_choose_identity(&caller), Err(Denied::IdentityIsOurs));
    }
    assert!(may_make_meetings(&account(ADA, AccountRole::Host)));
    assert!(!may_make_meetings(&Caller::Nobody) && !may_make_meetings(&guest(MeetingRole::Host)));
}
