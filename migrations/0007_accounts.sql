-- Who can sign in. The address is kept as it is compared: in small letters, without white space around it.
create table accounts (
    id uuid primary key,
    email text not null,
    name text not null,
    role text not null,
    -- Argon2id, as a PHC string; null for an account that signs in only through an identity provider.
    password_hash text,
    created_at timestamptz not null,
    -- A disabled account stays, because meetings and the audit log point at it.
    disabled_at timestamptz,

    constraint accounts_email_key unique (email),
    constraint accounts_email_form check (email = lower(email) and length(email) between 3 and 254),
    constraint accounts_name_length check (length(name) between 1 and 80),
    constraint accounts_role check (role in ('admin', 'host'))
);

create index accounts_created_at_idx on accounts (created_at desc, id desc);
