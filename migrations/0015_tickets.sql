-- Somebody's place at the door of a meeting: a guest's proof of who they were a moment ago, and whoever waits in the
-- lobby. It outlives every process, so that nobody who waits is forgotten.
create table tickets (
    id uuid primary key,
    meeting_id uuid not null references meetings (id) on delete cascade,
    -- Of a guest's ticket; somebody with an account needs none.
    token_hash bytea,
    account_id uuid references accounts (id) on delete cascade,
    identity text not null,
    name text not null,
    role text not null,
    state text not null,
    created_at timestamptz not null,
    -- When its holder last asked for a token; who waits and stops asking has left.
    seen_at timestamptz not null,
    decided_at timestamptz,
    decided_by text not null default '',

    constraint tickets_token_hash_key unique (token_hash),
    constraint tickets_identity_key unique (meeting_id, identity),
    constraint tickets_role check (role in ('host', 'speaker', 'viewer')),
    constraint tickets_state check (state in ('waiting', 'admitted', 'denied'))
);

create index tickets_waiting_idx on tickets (meeting_id, created_at, id) where state = 'waiting';
create index tickets_seen_at_idx on tickets (seen_at);
