-- Somebody who left, somebody who came back under the same identity, somebody who vanished, and somebody still there.
insert into participants
    (id, meeting_id, instance_id, participant_sid, identity, name, joined_at, seen_at, told_left_at, leave_reason,
     gone_at, left_at, left_inferred, metadata) values
    ('0190c000-0000-7000-8000-000000000001', '0190a000-0000-7000-8000-000000000001', '0190b000-0000-7000-8000-000000000001',
     'PA_left', 'ada', 'Ada', '2026-01-05 09:01:00+00', '2026-01-05 09:10:00+00', '2026-01-05 09:10:00+00',
     'CLIENT_INITIATED', null, '2026-01-05 09:10:00+00', false, '{}'),
    ('0190c000-0000-7000-8000-000000000002', '0190a000-0000-7000-8000-000000000001', '0190b000-0000-7000-8000-000000000001',
     'PA_again', 'ada', 'Ada', '2026-01-05 09:12:00+00', '2026-01-05 10:00:00+00', '2026-01-05 10:00:00+00',
     'ROOM_DELETED', null, '2026-01-05 10:00:00+00', false, '{"role": "host"}'),
    ('0190c000-0000-7000-8000-000000000003', '0190a000-0000-7000-8000-000000000001', '0190b000-0000-7000-8000-000000000002',
     'PA_vanished', 'grace', 'Grace “Amazing” Hopper', '2026-01-06 09:05:00+00', '2026-01-06 09:30:00+00', null, null,
     '2026-01-06 09:30:30+00', '2026-01-06 09:30:30+00', true, '{}'),
    ('0190c000-0000-7000-8000-000000000004', '0190a000-0000-7000-8000-000000000001', '0190b000-0000-7000-8000-000000000003',
     'PA_here', 'linus', '', '2026-01-07 09:00:00+00', '2026-01-07 09:00:00+00', null, null, null, null, false, '{}');
