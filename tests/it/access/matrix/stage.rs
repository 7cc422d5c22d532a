//! What one cell of the matrix plays on: somebody's meeting with everything around it, and one who asks.

use std::time::Duration;

use meetbox::model::credential::CredentialKind;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{Asker, operations::Kind};
use crate::access::house::{House, Person};

/// A meeting of an owner's, and whatever else operations are about.
pub struct Stage {
    pub owner: Person,
    /// An account that has nothing to do with it.
    pub somebody: Person,
    pub meeting: Uuid,
    pub room_name: String,
    pub invitation: Uuid,
    /// The ticket of one who waits in the lobby.
    pub waiting: Uuid,
    /// A session and a key of the owner's.
    pub session: Uuid,
    pub key: Uuid,
    /// Who is in the sitting, where there is one, and a track of theirs.
    pub identity: String,
    pub track: String,
    /// One that is over and left no file.
    pub recording: Uuid,
    /// One that was never made.
    pub setup_link: String,
}

impl Stage {
    /// Builds one; with a sitting that is running where the operation is about that.
    pub async fn build(house: &House, kind: Kind) -> Self {
        let owner = house.person("host").await;
        let session = house.session(&owner).await;
        let made = house.ask(Some(&session), Method::POST, "/meetings", Some(json!({}))).await;
        made.is(201);
        let meeting: Uuid = made.body["id"].as_str().unwrap().parse().unwrap();
        let room_name = made.body["room_name"].as_str().unwrap().to_owned();
        house.key(Some(owner.id), &["meetings:read"]).await;

        let mut stage = Self {
            somebody: house.person("host").await,
            invitation: invitation(house, meeting).await,
            waiting: ticket(house, meeting, ("waiting", "speaker")).await.0,
            session: only(house, "select id from sessions where account_id = $1", owner.id).await,
            key: only(house, "select id from api_keys where account_id = $1", owner.id).await,
            setup_link: house.credential(CredentialKind::SetupLink).expose().to_owned(),
            identity: format!("g_{}", Uuid::new_v4().simple()),
            track: String::new(),
            recording: if about_recordings(kind) { recording(house, meeting).await } else { Uuid::new_v4() },
            owner,
            meeting,
            room_name,
        };
        if [Kind::Run, Kind::Record].contains(&kind) {
            stage.begin(house).await;
        }
        stage
    }

    pub fn meeting(&self, further: &str) -> String {
        format!("/meetings/{}{further}", self.meeting)
    }

    pub fn recording(&self, further: &str) -> String {
        format!("/recordings/{}{further}", self.recording)
    }

    pub fn participant(&self, further: &str) -> String {
        self.meeting(&format!("/participants/{}{further}", self.identity))
    }

    /// What nobody may see to whom it does not belong.
    pub fn owners_ids(&self) -> [String; 6] {
        [self.meeting, self.session, self.key, self.invitation, self.owner.id, self.recording].map(|id| id.to_string())
    }

    /// Somebody comes, and LiveKit tells it.
    async fn begin(&mut self, house: &House) {
        let events = {
            let now = house.livekit.now();
            let mut world = house.livekit.world();
            world.join(&self.room_name, &self.identity, now);
            self.track = world.publish(&self.room_name, &self.identity);
            world.take_events()
        };
        for event in events {
            let delivered = house.serving.webhook(&house.livekit.sign(&event.body)).send().await.unwrap();
            assert_eq!(delivered.status(), 200);
        }
        for _ in 0..500 {
            let there = "select count(*) from participants where meeting_id = $1";
            let there: i64 = sqlx::query_scalar(there).bind(self.meeting).fetch_one(&house.pool).await.unwrap();
            if there > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody came into {}", self.room_name);
    }

    /// What that asker shows; `scope` is the one that the operation needs.
    pub async fn credential(&self, house: &House, asker: Asker, scope: &str) -> Option<String> {
        let others = |scope: &str| {
            let covers =
                |it: &&str| *it == scope || it.strip_suffix(":write").is_some_and(|of| scope == format!("{of}:read"));
            let all = ["tokens:create", "meetings:read", "meetings:write", "recordings:read", "recordings:write"];
            all.into_iter().filter(|it| !covers(it)).collect::<Vec<_>>()
        };
        Some(match asker {
            Asker::Nobody => return None,
            Asker::Guest => ticket(house, self.meeting, ("admitted", "speaker")).await.1,
            Asker::GuestWhoIsHost => ticket(house, self.meeting, ("admitted", "host")).await.1,
            Asker::GuestOfAnotherMeeting => {
                let elsewhere = Box::pin(Self::build(house, Kind::Open)).await;
                ticket(house, elsewhere.meeting, ("admitted", "host")).await.1
            }
            Asker::Owner => house.session(&self.owner).await,
            Asker::OtherHost => house.session(&house.person("host").await).await,
            Asker::Admin => house.session(&house.person("admin").await).await,
            Asker::KeyWithScope => house.key(None, &[scope]).await,
            Asker::KeyWithoutScope => house.key(None, &others(scope)).await,
            Asker::KeyOfOwner => house.key(Some(self.owner.id), &[scope]).await,
            Asker::KeyOfOtherHost => house.key(Some(house.person("host").await.id), &[scope]).await,
            Asker::ExpiredSession => self.spent_session(house, "expires_at = now() - interval '1 second'").await,
            Asker::IdleSession => self.spent_session(house, "seen_at = now() - interval '8 days'").await,
            Asker::RevokedSession => {
                let session = house.session(&self.owner).await;
                house.ask(Some(&session), Method::DELETE, "/sessions/current", None).await.is(204);
                session
            }
            Asker::ExpiredKey => self.spent_key(house, "expires_at = now() - interval '1 second'").await,
            Asker::RevokedKey => self.spent_key(house, "revoked_at = now()").await,
        })
    }

    async fn spent_session(&self, house: &House, how: &str) -> String {
        let somebody = house.person("admin").await;
        let session = house.session(&somebody).await;
        let spend = sqlx::AssertSqlSafe(format!("update sessions set {how} where account_id = $1"));
        sqlx::query(spend).bind(somebody.id).execute(&house.pool).await.unwrap();
        session
    }

    async fn spent_key(&self, house: &House, how: &str) -> String {
        let somebody = house.person("admin").await;
        let key = house.key(Some(somebody.id), &["admin"]).await;
        let spend = sqlx::AssertSqlSafe(format!("update api_keys set {how} where account_id = $1"));
        sqlx::query(spend).bind(somebody.id).execute(&house.pool).await.unwrap();
        key
    }
}

async fn only(house: &House, sql: &'static str, id: Uuid) -> Uuid {
    sqlx::query_scalar(sql).bind(id).fetch_one(&house.pool).await.unwrap()
}

async fn invitation(house: &House, meeting: Uuid) -> Uuid {
    let secret = house.credential(CredentialKind::Invitation);
    sqlx::query_scalar(
        "insert into invitations (id, meeting_id, token_hash, role, created_at)
         values (gen_random_uuid(), $1, $2, 'speaker', now()) returning id",
    )
    .bind(meeting)
    .bind(&secret.hash().0[..])
    .fetch_one(&house.pool)
    .await
    .unwrap()
}

/// A guest's place at that door: its id, and its secret.
async fn ticket(house: &House, meeting: Uuid, (state, role): (&str, &str)) -> (Uuid, String) {
    let (id, secret) = (Uuid::new_v4(), house.credential(CredentialKind::Ticket));
    sqlx::query(
        "insert into tickets (id, meeting_id, token_hash, identity, name, role, state, created_at, seen_at, decided_at)
         values ($1, $2, $3, $4, 'Guest', $5, $6, now(), now(), case when $6 = 'admitted' then now() end)",
    )
    .bind(id)
    .bind(meeting)
    .bind(&secret.hash().0[..])
    .bind(format!("g_{}", id.simple()))
    .bind(role)
    .bind(state)
    .execute(&house.pool)
    .await
    .unwrap();
    (id, secret.expose().to_owned())
}

async fn recording(house: &House, meeting: Uuid) -> Uuid {
    let id = Uuid::now_v7();
    sqlx::query(
        "insert into recordings (id, meeting_id, storage_path, status, verdict, requested_at, completed_at)
         values ($1, $2, 'recordings/2026/01/01/somewhere/' || $1 || '.mp4', 'failed', 'failed', now(), now())",
    )
    .bind(id)
    .bind(meeting)
    .execute(&house.pool)
    .await
    .unwrap();
    id
}

/// A meeting with a recording cannot be deleted, so others have none.
fn about_recordings(kind: Kind) -> bool {
    kind == Kind::Record || matches!(kind, Kind::Meetings(scope) if scope.starts_with("recordings"))
}
