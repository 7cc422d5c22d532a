-- Somebody who is kept out, somebody who was promoted, and a sitting that is locked.
insert into standings (instance_id, identity, barred_at, role, decided_at) values
    ('0190b000-0000-7000-8000-000000000003', 'g_3', '2026-01-07 09:05:00+00', null, '2026-01-07 09:05:00+00'),
    ('0190b000-0000-7000-8000-000000000003', 'g_2', null, 'host', '2026-01-07 09:06:00+00');

update meeting_instances set locked_at = '2026-01-07 09:07:00+00' where id = '0190b000-0000-7000-8000-000000000003';
