-- Keys with which programs use the API. Only the SHA-256 of a key is kept; its beginning is shown to tell keys apart.
create table api_keys (
    id uuid primary key,
    key_hash bytea not null,
    name text not null,
    shown text not null,
    scopes text[] not null,
    -- Whose meetings the key reaches; null for a key of the whole house, which only the operator makes.
    account_id uuid references accounts (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz,
    -- Written at most once a minute.
    used_at timestamptz,
    revoked_at timestamptz,

    constraint api_keys_key_hash_key unique (key_hash),
    constraint api_keys_name_length check (length(name) between 1 and 80)
);

create index api_keys_account_id_idx on api_keys (account_id, created_at desc, id desc);
create index api_keys_created_at_idx on api_keys (created_at desc, id desc);
