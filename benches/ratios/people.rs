//! Who asks: somebody signed in, many others besides, and a program. Their credentials are made here; a database gets
//! the hashes, as it would have them after a sign-in.

use meetbox::model::credential::{Credential, CredentialKind};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{parts::Parts, services::postgres::Database};

/// Whose the sessions are.
const ADA: Uuid = Uuid::from_u128(0xADA);

/// Ada's session, as most measurements ask with it.
pub fn session() -> Credential {
    Credential::made(CredentialKind::Session, [1; 32])
}

/// One of her many other sessions.
pub fn other_session(number: usize) -> Credential {
    let mut chance = [2; 32];
    chance[..8].copy_from_slice(&(number as u64).to_le_bytes());
    Credential::made(CredentialKind::Session, chance)
}

/// A program's key: of the whole house, for everything.
pub fn key() -> Credential {
    Credential::made(CredentialKind::ApiKey, [3; 32])
}

/// Makes the account with its session, and the key, in a migrated database.
pub fn move_in(parts: &Parts, database: &Database) {
    parts.ask(database, |pool| async move {
        sqlx::query(
            "insert into accounts (id, email, name, role, created_at) values ($1, 'ada@example.org', 'Ada', 'host', now())",
        )
        .bind(ADA)
        .execute(&pool)
        .await
        .expect("an account");
        sqlx::query(
            "insert into api_keys (id, key_hash, name, shown, scopes, created_at)
             values (gen_random_uuid(), $1, 'measurements', $2, '{admin}', now())",
        )
        .bind(&key().hash().0[..])
        .bind(key().shown())
        .execute(&pool)
        .await
        .expect("a key");
        sign_in(&pool, &[session()]).await;
    });
}

/// Begins the first `many` of the other sessions.
pub fn sign_in_others(parts: &Parts, database: &Database, many: usize) {
    parts.ask(database, |pool| async move {
        let all: Vec<Credential> = (0..many).map(other_session).collect();
        for some in all.chunks(20_000) {
            sign_in(&pool, some).await;
        }
        sqlx::query("vacuum analyze sessions").execute(&pool).await.expect("statistics");
    });
}

async fn sign_in(pool: &PgPool, tokens: &[Credential]) {
    let hashes: Vec<Vec<u8>> = tokens.iter().map(|token| token.hash().0.to_vec()).collect();
    sqlx::query(
        "insert into sessions (id, token_hash, account_id, transport, created_at, seen_at, expires_at)
         select gen_random_uuid(), hash, $1, 'bearer', now(), now(), now() + interval '1 day' from unnest($2::bytea[]) hash",
    )
    .bind(ADA)
    .bind(hashes)
    .execute(pool)
    .await
    .expect("sessions");
}
