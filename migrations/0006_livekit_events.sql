-- The inbox of LiveKit's webhooks: a delivery is answered 200 only when its row is committed, and applied afterwards.
create table livekit_events (
    -- LiveKit's id: a second delivery of the same event is dropped.
    event_id text primary key,
    -- The order of arrival.
    arrival bigint generated always as identity,
    event_type text not null,
    room_name text,
    -- The body, without the TURN password that LiveKit puts in.
    payload jsonb not null,
    created_at timestamptz not null,
    received_at timestamptz not null,
    applied_at timestamptz,
    -- Why it cannot be applied; such a row is left for a person to look at.
    failure text
);

create index livekit_events_waiting_idx on livekit_events (arrival) where applied_at is null and failure is null;
-- What the pruner looks for.
create index livekit_events_received_at_idx on livekit_events (received_at);
