-- What a recording is like and what has become known of it.
--
-- Each thing that a witness says has a column of its own, so that the state can be worked out anew from what is known, in
-- whatever order it came. Meetings say whether they are recorded by themselves, and how long their recordings are kept.
alter table recordings
    -- When it was asked for; lists go by it. `started_at` is when the recorder really began, and may never be.
    add column requested_at timestamptz not null default now(),
    alter column started_at drop not null,
    add column format text not null default 'mp4',
    add column layout text not null default 'grid',
    -- Either a preset or measures of one's own: pixels and kilobits a second.
    add column preset text,
    add column width integer,
    add column height integer,
    add column video_bitrate integer,
    add column audio_bitrate integer,
    -- Who asked, as kind and id; empty for a recording that was found.
    add column requester text not null default '',
    -- Begun by the meeting's own wish, in this sitting.
    add column automatic_for uuid,
    -- What makes asking twice the same as asking once, and the hash of what was asked.
    add column idempotency_key text,
    add column request_hash bytea,
    -- Why it stands where it does, in words; empty when all is well.
    add column reason text not null default '',
    -- The farthest that LiveKit said of the run, how it ended, and what it said went wrong.
    add column phase text,
    add column verdict text,
    add column error text not null default '',
    add column ended_at timestamptz,
    add column stop_asked_at timestamptz,
    add column doubted_since timestamptz,
    -- Bytes, as the recorder said.
    add column told_size bigint,
    add column duration_ms bigint,
    add column backup_told boolean not null default false,
    add column to_conclude boolean not null default false,
    -- Bytes that have come to storage so far, while it is brought from the backup folder.
    add column uploaded bigint,
    add column held_at timestamptz,
    add column deleting_at timestamptz;

update recordings set requested_at = started_at;

-- One at a time in each meeting. Of several that claim to run the newest goes on.
update recordings r set status = 'failed', reason = 'another recording of the same meeting was running', completed_at = now()
where status in ('requested', 'starting', 'active', 'stopping')
  and exists (
      select from recordings o
      where o.meeting_id = r.meeting_id and o.status in ('requested', 'starting', 'active', 'stopping')
        and (o.requested_at, o.id) > (r.requested_at, r.id)
  );
create unique index recordings_one_running_key on recordings (meeting_id)
    where status in ('requested', 'starting', 'active', 'stopping');
create unique index recordings_idempotency_key on recordings (requester, idempotency_key)
    where idempotency_key is not null;

-- The lists: all, of one meeting, of one status; each by time.
create index recordings_requested_idx on recordings (requested_at, id);
create index recordings_meeting_requested_idx on recordings (meeting_id, requested_at, id);
create index recordings_status_requested_idx on recordings (status, requested_at, id);
-- What somebody still has to look after.
create index recordings_unsettled_idx on recordings (requested_at)
    where status in ('requested', 'starting', 'active', 'stopping', 'uploading') or to_conclude
       or deleting_at is not null;

alter table meetings
    add column auto_record boolean not null default false,
    -- Days and bytes; null: as the settings have it.
    add column recording_days integer,
    add column recording_bytes bigint;
