-- A signed-in browser or program. Only the SHA-256 of its token is kept, so that whoever reads the database cannot sign in.
create table sessions (
    id uuid primary key,
    token_hash bytea not null,
    account_id uuid not null references accounts (id) on delete cascade,
    -- `cookie` for a browser, `bearer` for a program.
    transport text not null,
    created_at timestamptz not null,
    -- Written at most once a minute; a session that was not seen for long enough is over.
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    address text not null default '',
    user_agent text not null default '',

    constraint sessions_token_hash_key unique (token_hash),
    constraint sessions_transport check (transport in ('cookie', 'bearer'))
);

create index sessions_account_id_idx on sessions (account_id, created_at desc, id desc);
create index sessions_expires_at_idx on sessions (expires_at);

-- A browser from which an account has signed in before: whoever fails to guess the account's password elsewhere must
-- not be able to keep its owner out.
create table known_browsers (
    token_hash bytea not null,
    account_id uuid not null references accounts (id) on delete cascade,
    seen_at timestamptz not null,

    primary key (token_hash, account_id)
);

create index known_browsers_account_id_idx on known_browsers (account_id);
create index known_browsers_seen_at_idx on known_browsers (seen_at);
