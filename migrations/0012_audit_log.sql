-- Who did what to what, from where and when. Names are copied, because what they name may be gone when somebody asks.
create table audit_log (
    id uuid primary key,
    at timestamptz not null,
    -- `account`, `key`, `guest`, `operator` (somebody at the machine's command line), `nobody`.
    actor_kind text not null,
    actor_id uuid,
    actor_name text not null default '',
    -- Such as `meeting.deleted`.
    action text not null,
    subject_kind text not null default '',
    subject_id text not null default '',
    subject_name text not null default '',
    meeting_id uuid,
    address text not null default '',
    details jsonb not null default '{}'
);

create index audit_log_at_idx on audit_log (at desc, id desc);
create index audit_log_actor_id_idx on audit_log (actor_id, at desc, id desc);
create index audit_log_action_idx on audit_log (action, at desc, id desc);
create index audit_log_subject_id_idx on audit_log (subject_id, at desc, id desc);
