-- One for anybody and for ever, and one that was used up and taken back.
insert into invitations (id, meeting_id, token_hash, role, label, created_at, expires_at, max_uses, revoked_at) values
    ('01940000-0000-7000-8000-000000000001', '0190a000-0000-7000-8000-000000000014', '\x01', 'speaker', '',
     '2026-01-05 09:00:00+00', null, null, null),
    ('01940000-0000-7000-8000-000000000002', '0190a000-0000-7000-8000-000000000014', '\x02', 'host', 'the moderator',
     '2026-01-05 09:00:00+00', '2026-01-06 09:00:00+00', 1, '2026-01-05 10:00:00+00');

insert into invitation_uses (invitation_id, identity, used_at) values
    ('01940000-0000-7000-8000-000000000002', 'g_1', '2026-01-05 09:10:00+00');
