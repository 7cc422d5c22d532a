-- A delivery that was applied, one that waits, one that cannot be applied, and one without a room.
insert into livekit_events (event_id, event_type, room_name, payload, created_at, received_at, applied_at, failure) values
    ('EV_1', 'room_started', 'blue-heron', '{"event": "room_started"}', '2026-01-05 09:00:00+00',
     '2026-01-05 09:00:00.2+00', '2026-01-05 09:00:00.3+00', null),
    ('EV_2', 'participant_joined', 'blue-heron', '{"event": "participant_joined"}', '2026-01-05 09:01:00+00',
     '2026-01-05 09:01:00.2+00', null, null),
    ('EV_3', 'participant_left', 'blue-heron', '{"event": "participant_left"}', '2026-01-05 09:02:00+00',
     '2026-01-05 09:02:00.2+00', null, 'the participant has no sid'),
    ('EV_4', 'agent_job_started', null, '{}', '2026-01-05 09:03:00+00', '2026-01-05 09:03:00.2+00', null, null);
