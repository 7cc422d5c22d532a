-- One that is being brought from the backup folder, one on hold, and a meeting that is recorded by itself.
insert into recordings
    (id, meeting_id, egress_id, storage_path, status, requested_at, started_at, completed_at, file_size, duration, metadata,
     format, layout, width, height, requester, idempotency_key, request_hash, reason, phase, verdict, told_size, backup_told,
     uploaded, held_at) values
    ('0190d000-0000-7000-8000-000000000004', '0190a000-0000-7000-8000-000000000004', 'EG_rescued',
     'recordings/2026/02/01/weekly-review/0190d000-0000-7000-8000-000000000004.mp4', 'uploading', '2026-02-01 08:00:00+00',
     '2026-02-01 08:00:03+00', null, null, null, '{}', 'mp4', 'speaker', 1280, 720,
     'account:0190a000-0000-7000-8000-000000000009', 'once', '\x01', 'brought from the backup folder', 'complete', 'complete',
     1024, true, 512, null),
    ('0190d000-0000-7000-8000-000000000005', '0190a000-0000-7000-8000-000000000004', 'EG_held',
     'recordings/2026/02/02/weekly-review/0190d000-0000-7000-8000-000000000005.ogg', 'partial', '2026-02-02 08:00:00+00',
     '2026-02-02 08:00:03+00', '2026-02-02 09:00:00+00', 2048, 3600, '{}', 'ogg', 'grid', null, null,
     'key:0190a000-0000-7000-8000-000000000008', null, null, 'the recorder failed', 'failed', 'failed', 2048, false,
     null, '2026-02-03 08:00:00+00');
update meetings set auto_record = true, recording_days = 30, recording_bytes = 1073741824
where id = '0190a000-0000-7000-8000-000000000004';
