-- Links with which the first administrator makes their account: each opens once, and for an hour.
create table setup_links (
    token_hash bytea primary key,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
