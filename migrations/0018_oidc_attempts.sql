-- A sign-in that went out to the identity provider and is not back yet: good for a few minutes, once, and in the browser
-- that began it. What the browser carries, `state` and a cookie, is kept only as a SHA-256; the nonce and the verifier never
-- leave this side.
create table oidc_attempts (
    state_hash bytea primary key,
    browser_hash bytea not null,
    nonce text not null,
    verifier text not null,
    return_to text not null,
    created_at timestamptz not null
);

create index oidc_attempts_created_at_idx on oidc_attempts (created_at);
