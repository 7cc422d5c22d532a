-- A browser and a program of one account, and a browser that two accounts use.
insert into sessions (id, token_hash, account_id, transport, created_at, seen_at, expires_at, address, user_agent) values
    ('01910000-0000-7000-8000-000000000001', '\x01', '0190f000-0000-7000-8000-000000000001', 'cookie',
     '2026-01-05 09:00:00+00', '2026-01-05 09:30:00+00', '2026-02-04 09:00:00+00', '203.0.113.7', 'Firefox'),
    ('01910000-0000-7000-8000-000000000002', '\x02', '0190f000-0000-7000-8000-000000000001', 'bearer',
     '2026-01-05 09:00:00+00', '2026-01-05 09:00:00+00', '2026-02-04 09:00:00+00', '2001:db8::1', '');

insert into known_browsers (token_hash, account_id, seen_at) values
    ('\x03', '0190f000-0000-7000-8000-000000000001', '2026-01-05 09:00:00+00'),
    ('\x03', '0190f000-0000-7000-8000-000000000002', '2026-01-06 09:00:00+00');
