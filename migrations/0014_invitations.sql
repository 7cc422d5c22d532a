-- Links that let somebody into one meeting, in a role, whatever its access says. The secret stands only in the link.
create table invitations (
    id uuid primary key,
    meeting_id uuid not null references meetings (id) on delete cascade,
    token_hash bytea not null,
    role text not null,
    label text not null default '',
    created_at timestamptz not null,
    expires_at timestamptz,
    max_uses integer,
    revoked_at timestamptz,

    constraint invitations_token_hash_key unique (token_hash),
    constraint invitations_role check (role in ('host', 'speaker', 'viewer')),
    constraint invitations_max_uses check (max_uses > 0)
);

create index invitations_meeting_id_idx on invitations (meeting_id, created_at desc, id desc);

-- Who used an invitation. The same person who comes again has not used it twice.
create table invitation_uses (
    invitation_id uuid not null references invitations (id) on delete cascade,
    identity text not null,
    used_at timestamptz not null,

    primary key (invitation_id, identity)
);
