-- One egress and the object it leaves.
--
-- The row comes before the egress is asked for, hence no egress id at first. Recordings hold their meeting: deleting
-- a meeting must not lose what was recorded in it.
create table recordings (
    id uuid primary key,
    meeting_id uuid not null references meetings (id) on delete restrict,
    egress_id text,
    storage_path text not null,
    status text not null,
    started_at timestamptz not null,
    completed_at timestamptz,
    -- Bytes.
    file_size bigint,
    -- Seconds.
    duration integer,
    metadata jsonb not null default '{}',

    constraint recordings_egress_id_key unique (egress_id)
);

create index recordings_meeting_id_idx on recordings (meeting_id);
