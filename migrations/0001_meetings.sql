-- A meeting is a named place people meet; it outlives every sitting in it.
--
-- `room_name` is the join key to LiveKit and the name in the link. Its form is checked here too, because a name
-- with `|` in it stalls LiveKit's sweeper and an empty one opens every room.
create table meetings (
    id uuid primary key,
    room_name text not null,
    title text,
    created_at timestamptz not null,
    -- When it is planned to begin; null for a meeting that just happens.
    starts_at timestamptz,
    -- When its latest sitting ended; null before the first and while one is running.
    ended_at timestamptz,
    metadata jsonb not null default '{}',
    -- Counts changes; the ETag that a change must name.
    version bigint not null default 1,

    constraint meetings_room_name_key unique (room_name),
    constraint meetings_room_name_form check (
        room_name ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(room_name) between 3 and 64
    ),
    constraint meetings_title_length check (length(title) between 1 and 200)
);

-- The newest first, page by page.
create index meetings_created_at_idx on meetings (created_at desc, id desc);

-- The few that are planned, among many that just happened.
create index meetings_starts_at_idx on meetings (starts_at) where starts_at is not null;
