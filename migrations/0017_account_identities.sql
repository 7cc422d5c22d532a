-- Under which names identity providers know an account. The pair of issuer and subject is what never changes hands; a mail
-- address does.
create table account_identities (
    issuer text not null,
    subject text not null,
    account_id uuid not null references accounts (id) on delete cascade,
    created_at timestamptz not null,
    signed_in_at timestamptz not null,

    constraint account_identities_pkey primary key (issuer, subject),
    -- Whoever is given a former colleague's address must not come into their account.
    constraint account_identities_account_key unique (account_id, issuer)
);
