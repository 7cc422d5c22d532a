-- An event of a meeting, one of a participant, one that belongs to nobody, and two that no webhook told.
insert into analytics (id, meeting_id, participant_id, event_type, event_data, created_at, livekit_event_id) values
    ('0190e000-0000-7000-8000-000000000001', '0190a000-0000-7000-8000-000000000001', null, 'room_started',
     '{"room": {"sid": "RM_told"}}', '2026-01-05 09:00:00+00', 'EV_1'),
    ('0190e000-0000-7000-8000-000000000002', '0190a000-0000-7000-8000-000000000001',
     '0190c000-0000-7000-8000-000000000001', 'participant_joined', '{}', '2026-01-05 09:01:00+00', 'EV_2'),
    ('0190e000-0000-7000-8000-000000000003', null, null, 'agent_job_started', '{"unknown": true}',
     '2026-01-05 09:01:00+00', 'EV_3'),
    ('0190e000-0000-7000-8000-000000000004', '0190a000-0000-7000-8000-000000000001', null, 'room_finished', '{}',
     '2026-01-06 09:30:30+00', null),
    ('0190e000-0000-7000-8000-000000000005', '0190a000-0000-7000-8000-000000000001', null, 'room_finished', '{}',
     '2026-01-06 09:30:30+00', null);
