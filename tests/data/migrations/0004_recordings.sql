-- One that was asked for but has no egress yet, twice, since nulls are not alike; and one that is complete.
insert into recordings
    (id, meeting_id, egress_id, storage_path, status, started_at, completed_at, file_size, duration, metadata) values
    ('0190d000-0000-7000-8000-000000000001', '0190a000-0000-7000-8000-000000000001', null,
     'recordings/blue-heron/1.mp4', 'requested', '2026-01-05 09:02:00+00', null, null, null, '{}'),
    ('0190d000-0000-7000-8000-000000000002', '0190a000-0000-7000-8000-000000000001', null,
     'recordings/blue-heron/2.mp4', 'requested', '2026-01-05 09:03:00+00', null, null, null, '{}'),
    ('0190d000-0000-7000-8000-000000000003', '0190a000-0000-7000-8000-000000000004', 'EG_complete',
     'recordings/weekly-review/3.mp4', 'complete', '2026-01-14 08:00:00+00', '2026-01-14 09:00:00+00',
     5368709120, 3600, '{"layout": "grid"}');
