-- One wrong guess, and one of many.
insert into failed_attempts (subject, failures, failed_at, blocked_until) values
    ('\x01', 1, '2026-01-05 09:00:00+00', '2026-01-05 09:00:01+00'),
    ('\x02', 40, '2026-01-05 09:00:00+00', '2026-01-05 09:01:00+00');
