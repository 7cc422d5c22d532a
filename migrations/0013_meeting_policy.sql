-- Whose a meeting is, and who may come in how.
--
-- The defaults are those of a meeting that nobody said anything about: the link is enough, guests wait to be let in.
-- Arrays of LiveKit's track sources say what a role may publish; a host may publish everything.
alter table meetings
    add column host_account_id uuid references accounts (id) on delete set null,
    add column access text not null default 'public',
    add column lobby text not null default 'guests',
    -- Argon2id, as a PHC string.
    add column passcode_hash text,
    add column speaker_sources text[] not null default '{camera,microphone,screen_share,screen_share_audio}',
    add column viewer_sources text[] not null default '{}',
    add constraint meetings_access check (access in ('public', 'passcode', 'accounts', 'invited')),
    add constraint meetings_lobby check (lobby in ('off', 'guests', 'everyone')),
    add constraint meetings_passcode check (access <> 'passcode' or passcode_hash is not null);

create index meetings_host_account_id_idx on meetings (host_account_id, created_at desc, id desc);
