-- A key of the house, one of an account that ends, and one that was taken back.
insert into api_keys (id, key_hash, name, shown, scopes, account_id, created_at, expires_at, used_at, revoked_at) values
    ('01920000-0000-7000-8000-000000000001', '\x01', 'booking system', 'meetbox_key_AbCd', '{tokens:create,meetings:write}', null,
     '2026-01-05 09:00:00+00', null, '2026-01-07 09:00:00+00', null),
    ('01920000-0000-7000-8000-000000000002', '\x02', 'laptop', 'meetbox_key_EfGh', '{meetings:read}',
     '0190f000-0000-7000-8000-000000000002', '2026-01-05 09:00:00+00', '2027-01-05 09:00:00+00', null, null),
    ('01920000-0000-7000-8000-000000000003', '\x03', 'lost', 'meetbox_key_IjKl', '{admin}',
     '0190f000-0000-7000-8000-000000000001', '2026-01-05 09:00:00+00', null, null, '2026-01-06 09:00:00+00');
