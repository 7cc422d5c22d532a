-- An administrator, a host who signs in elsewhere, and one who is kept out.
insert into accounts (id, email, name, role, password_hash, created_at, disabled_at) values
    ('0190f000-0000-7000-8000-000000000001', 'ada@example.org', 'Ada', 'admin', '$argon2id$v=19$m=19456,t=2,p=1$x$y',
     '2026-01-05 08:00:00+00', null),
    ('0190f000-0000-7000-8000-000000000002', 'grace@example.org', 'Grace Hopper', 'host', null, '2026-01-05 08:30:00+00', null),
    ('0190f000-0000-7000-8000-000000000003', 'eve@example.org', 'Eve', 'host', null, '2026-01-05 08:31:00+00',
     '2026-02-01 00:00:00+00');
