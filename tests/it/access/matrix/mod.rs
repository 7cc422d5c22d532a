//! Every operation of the spec, asked for by everybody there is.

mod operations;
mod stage;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::RequestBuilder;
use serde_json::Value;

use self::{
    operations::{Kind, OPERATIONS, Operation, Thing},
    stage::Stage,
};
use super::house::{Answer, House};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    Nobody,
    /// Somebody with a ticket to the meeting, as a speaker.
    Guest,
    GuestWhoIsHost,
    GuestOfAnotherMeeting,
    /// The host whose meeting, session and key it is.
    Owner,
    OtherHost,
    Admin,
    /// A key of the house with the scope that is needed, and no other.
    KeyWithScope,
    /// A key of the house with every scope but those that allow it.
    KeyWithoutScope,
    /// Keys of hosts with the scope that is needed.
    KeyOfOwner,
    KeyOfOtherHost,
    ExpiredSession,
    IdleSession,
    RevokedSession,
    ExpiredKey,
    RevokedKey,
}

const ASKERS: [Asker; 16] = [
    Asker::Nobody,
    Asker::Guest,
    Asker::GuestWhoIsHost,
    Asker::GuestOfAnotherMeeting,
    Asker::Owner,
    Asker::OtherHost,
    Asker::Admin,
    Asker::KeyWithScope,
    Asker::KeyWithoutScope,
    Asker::KeyOfOwner,
    Asker::KeyOfOtherHost,
    Asker::ExpiredSession,
    Asker::IdleSession,
    Asker::RevokedSession,
    Asker::ExpiredKey,
    Asker::RevokedKey,
];

/// What somebody is answered.
fn expected(operation: &Operation, asker: Asker) -> u16 {
    use Asker::{
        Admin, ExpiredKey, ExpiredSession, Guest, GuestOfAnotherMeeting, GuestWhoIsHost, IdleSession, KeyOfOtherHost,
        KeyOfOwner, KeyWithScope, KeyWithoutScope, Nobody, OtherHost, Owner, RevokedKey, RevokedSession,
    };
    let Operation { kind, about, good, .. } = *operation;
    // What is somebody else's is not there.
    let unless_owners = if about == Thing::Nobodys { good } else { 404 };
    let unless_owners_alone = if about == Thing::OwnersAlone { 404 } else { good };

    match (kind, asker) {
        (Kind::Open, _) => good,
        (_, ExpiredSession | IdleSession | RevokedSession | ExpiredKey | RevokedKey) => 401,
        (Kind::Link, _) => good,

        (Kind::Door { stranger }, Nobody | GuestOfAnotherMeeting) => stranger,
        (Kind::Door { .. }, KeyWithoutScope) => 403,
        (Kind::Door { .. }, KeyOfOtherHost) => unless_owners,
        (Kind::Door { .. }, Guest | GuestWhoIsHost | Owner | OtherHost | Admin | KeyWithScope | KeyOfOwner) => good,

        (_, Nobody) => 401,
        (Kind::Ticket, Guest | GuestWhoIsHost | GuestOfAnotherMeeting) | (Kind::Run | Kind::Record, GuestWhoIsHost) => {
            good
        }
        (Kind::Run | Kind::Record, GuestOfAnotherMeeting) => 404,
        (_, Guest | GuestWhoIsHost | GuestOfAnotherMeeting) | (Kind::Ticket, _) => 403,

        (Kind::Own, Owner) => good,
        (Kind::Own, OtherHost | Admin) => unless_owners_alone,
        (Kind::Own, KeyWithScope | KeyWithoutScope | KeyOfOwner | KeyOfOtherHost) => 403,

        (Kind::Administer, Admin | KeyWithScope) => good,
        (Kind::Administer, Owner | OtherHost | KeyWithoutScope | KeyOfOwner | KeyOfOtherHost) => 403,

        (Kind::Keys | Kind::Meetings(_) | Kind::Run | Kind::Record, KeyWithoutScope) => 403,
        (Kind::Keys | Kind::Meetings(_) | Kind::Run | Kind::Record, OtherHost | KeyOfOtherHost) => unless_owners,
        (Kind::Keys | Kind::Meetings(_) | Kind::Run | Kind::Record, Owner | KeyOfOwner | Admin | KeyWithScope) => good,
    }
}

/// The scope that a key needs for it; where no key may do it, not even this one helps.
fn scope(kind: Kind) -> &'static str {
    match kind {
        Kind::Door { .. } => "tokens:create",
        Kind::Meetings(scope) => scope,
        Kind::Run => "meetings:write",
        Kind::Record => "recordings:write",
        Kind::Open | Kind::Link | Kind::Ticket | Kind::Own | Kind::Keys | Kind::Administer => "admin",
    }
}

/// The operations of the spec, each with the statuses that it says it answers.
fn spec() -> Vec<(String, BTreeSet<u16>)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    let spec: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let paths = spec["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    operations
        .map(|operation| {
            let statuses = operation["responses"].as_object().unwrap().keys();
            let statuses = statuses.map(|status| status.parse().unwrap()).collect();
            (operation["operationId"].as_str().unwrap().to_owned(), statuses)
        })
        .collect()
}

#[test]
fn the_matrix_has_every_operation_of_the_spec_and_no_other() {
    let ours = OPERATIONS.iter().map(|operation| operation.id.to_owned()).collect::<BTreeSet<_>>();
    let specs = spec().into_iter().map(|(id, _)| id).collect::<BTreeSet<_>>();
    let missing = specs.difference(&ours).collect::<Vec<_>>();
    assert!(missing.is_empty(), "not in the matrix: {missing:?}");
    let stale = ours.difference(&specs).collect::<Vec<_>>();
    assert!(stale.is_empty(), "in the matrix and not in the spec: {stale:?}");
    assert_eq!(ours.len(), OPERATIONS.len(), "none stands there twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_is_answered_what_they_may_and_nothing_else() {
    let house = House::open().await;
    // Somebody who stays, so that no change meets the last administrator.
    house.person("admin").await;

    let (mut wrong, mut cells) = (Vec::new(), 0);
    for operation in OPERATIONS {
        for askers in ASKERS.chunks(4) {
            let played = askers.iter().map(|asker| play(&house, operation, *asker));
            wrong.extend(join_all(played).await.into_iter().flatten());
            cells += askers.len();
        }
    }
    assert_eq!(cells, spec().len() * ASKERS.len(), "none is missing");
    let guests = "select count(*) from audit_log where actor_kind = 'guest' and action = 'participant.removed'";
    assert_eq!(house.count(guests).await, 1, "what a guest does who is host there is told of the guest");
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Plays one cell; answers what is wrong with it.
async fn play(house: &House, operation: &Operation, asker: Asker) -> Option<String> {
    let stage = Stage::build(house, operation.kind).await;
    let credential = stage.credential(house, asker, scope(operation.kind)).await;
    let wish = (operation.ask)(&stage);
    let mut request: RequestBuilder = house.serving.request_as(credential.as_deref(), wish.method, &wish.path);
    if let Some(version) = wish.if_match {
        request = request.header("if-match", version);
    }
    if let Some(body) = &wish.body {
        request = request.json(body);
    }
    let answer = house.answer(request).await;
    let complaint = complaint(operation, asker, (&stage, &answer))?;
    Some(format!("{} asked for by {asker:?}: {complaint}: {} {}", operation.id, answer.status, answer.body))
}

fn complaint(operation: &Operation, asker: Asker, (stage, answer): (&Stage, &Answer)) -> Option<String> {
    let (expected, status) = (expected(operation, asker), answer.status.as_u16());
    if status != expected {
        return Some(format!("expected {expected}"));
    }
    let described = spec().into_iter().any(|(id, statuses)| id == operation.id && statuses.contains(&status));
    if !described {
        return Some("the spec does not know the status".to_owned());
    }
    if status >= 400 && (answer.code().is_empty() || answer.header("content-type") != Some("application/problem+json"))
    {
        return Some("no problem document".to_owned());
    }
    if status == 401 && answer.header("www-authenticate") != Some("Bearer") {
        return Some("does not say how to sign in".to_owned());
    }
    let stranger = matches!(asker, Asker::OtherHost | Asker::KeyOfOtherHost | Asker::Nobody);
    let told = answer.body.to_string();
    let leaked = stage.owners_ids().into_iter().find(|id| told.contains(id.as_str()));
    match leaked {
        // Whoever comes in is told where they are.
        Some(id) if stranger && operation.id != "create_token" => Some(format!("tells {id}, which is the owner's")),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_operation_takes_a_field_that_it_does_not_know() {
    let house = House::open().await;
    let mut tried = 0;
    for operation in OPERATIONS {
        let stage = Stage::build(&house, operation.kind).await;
        let wish = (operation.ask)(&stage);
        let Some(Value::Object(mut body)) = wish.body else { continue };
        body.insert("surprise".to_owned(), Value::Bool(true));
        let asker = if operation.kind == Kind::Administer { Asker::Admin } else { Asker::Owner };
        let credential = stage.credential(&house, asker, "").await;
        let mut request = house.serving.request_as(credential.as_deref(), wish.method, &wish.path).json(&body);
        if let Some(version) = wish.if_match {
            request = request.header("if-match", version);
        }
        let answer = house.answer(request).await;
        assert_eq!(answer.status.as_u16(), 400, "{}: {}", operation.id, answer.body);
        assert!(answer.body["detail"].as_str().unwrap().contains("surprise"), "{}: {}", operation.id, answer.body);
        tried += 1;
    }
    assert!(tried > 15, "only {tried} operations have bodies");
}
