-- Two people at one provider, one of them at another provider as well.
insert into account_identities (issuer, subject, account_id, created_at, signed_in_at) values
    ('https://id.example.org', 'f3a1', '0190f000-0000-7000-8000-000000000001', '2026-01-05 09:00:00+00', '2026-01-06 09:00:00+00'),
    ('https://id.example.org', 'f3a2', '0190f000-0000-7000-8000-000000000002', '2026-01-05 09:00:00+00', '2026-01-05 09:00:00+00'),
    ('https://id.example.com', 'f3a1', '0190f000-0000-7000-8000-000000000001', '2026-01-07 09:00:00+00', '2026-01-07 09:00:00+00');
