-- Somebody's stay in a sitting, under one identity; who leaves and comes back has two.
--
-- As with instances, the facts merge in any order: the earliest join, the latest proof of presence, the leave that
-- LiveKit told, the first proof of absence. `left_at` is computed from them.
create table participants (
    id uuid primary key,
    meeting_id uuid not null references meetings (id) on delete cascade,
    instance_id uuid not null references meeting_instances (id) on delete cascade,
    -- LiveKit's id of this presence.
    participant_sid text not null,
    identity text not null,
    name text not null default '',
    joined_at timestamptz not null,
    -- The last moment at which they are known to have been there.
    seen_at timestamptz not null,
    -- The leave that LiveKit told us of, and its reason.
    told_left_at timestamptz,
    leave_reason text,
    -- The first moment at which they were seen to be gone, where LiveKit did not tell.
    gone_at timestamptz,
    -- The leave: told, or else inferred; null while they are there.
    left_at timestamptz,
    left_inferred boolean not null default false,
    metadata jsonb not null default '{}',

    constraint participants_participant_sid_key unique (participant_sid),
    constraint participants_left_after_join check (left_at >= joined_at)
);

create index participants_meeting_id_idx on participants (meeting_id, joined_at, id);
create index participants_instance_id_idx on participants (instance_id);

-- Those who are there, among many who were.
create index participants_present_idx on participants (meeting_id) where left_at is null;
