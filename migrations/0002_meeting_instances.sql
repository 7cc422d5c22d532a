-- One sitting of a meeting: from the start of LiveKit's room to its finish.
--
-- LiveKit tells its events late, twice, in any order or not at all. So a row keeps facts that can be merged in any
-- order with the same result (the earliest start, the latest proof of life, the latest told end), and `ended_at` is
-- computed from them.
create table meeting_instances (
    id uuid primary key,
    meeting_id uuid not null references meetings (id) on delete cascade,
    room_sid text not null,
    started_at timestamptz not null,
    -- The last moment at which the room is known to have been open.
    alive_at timestamptz not null,
    -- The end that LiveKit told us of.
    told_ended_at timestamptz,
    -- The first moment at which the room was seen to be gone, where LiveKit did not tell.
    gone_at timestamptz,
    -- The end: told, or else inferred; null while the room is open.
    ended_at timestamptz,
    ended_inferred boolean not null default false,

    constraint meeting_instances_room_sid_key unique (room_sid),
    constraint meeting_instances_ended_after_start check (ended_at >= started_at)
);

create index meeting_instances_meeting_id_idx on meeting_instances (meeting_id, started_at desc, id desc);

-- What the reconciler compares with LiveKit, and what makes a meeting live.
create index meeting_instances_open_idx on meeting_instances (meeting_id) where ended_at is null;
