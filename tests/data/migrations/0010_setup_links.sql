-- One that was used and one that was not.
insert into setup_links (token_hash, created_at, expires_at, used_at) values
    ('\x01', '2026-01-05 07:50:00+00', '2026-01-05 08:50:00+00', '2026-01-05 08:00:00+00'),
    ('\x02', '2026-01-05 07:00:00+00', '2026-01-05 08:00:00+00', null);
