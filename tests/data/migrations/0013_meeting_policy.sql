-- Each kind of access, and roles that may publish less than they might.
insert into meetings (id, room_name, created_at, host_account_id, access, lobby, passcode_hash, speaker_sources) values
    ('0190a000-0000-7000-8000-000000000011', 'open-house', '2026-01-05 09:00:00+00', null, 'public', 'off', null, '{microphone}'),
    ('0190a000-0000-7000-8000-000000000012', 'with-passcode', '2026-01-05 09:00:00+00',
     '0190f000-0000-7000-8000-000000000002', 'passcode', 'guests', '$argon2id$v=19$m=19456,t=2,p=1$x$y', '{}'),
    ('0190a000-0000-7000-8000-000000000013', 'staff-only', '2026-01-05 09:00:00+00',
     '0190f000-0000-7000-8000-000000000002', 'accounts', 'off', null, '{camera,microphone}'),
    ('0190a000-0000-7000-8000-000000000014', 'by-invitation', '2026-01-05 09:00:00+00',
     '0190f000-0000-7000-8000-000000000001', 'invited', 'everyone', null, '{camera}');
