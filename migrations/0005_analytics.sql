-- What happened in a meeting, event by event; the ground of later views.
create table analytics (
    id uuid primary key,
    -- Null for an event that belongs to no meeting of ours.
    meeting_id uuid references meetings (id) on delete cascade,
    participant_id uuid references participants (id) on delete cascade,
    event_type text not null,
    event_data jsonb not null,
    created_at timestamptz not null,
    -- LiveKit's id of the event; an event is told once here however often it was delivered.
    livekit_event_id text,

    constraint analytics_livekit_event_id_key unique (livekit_event_id)
);

create index analytics_meeting_id_idx on analytics (meeting_id, created_at);
create index analytics_participant_id_idx on analytics (participant_id);
