-- A meeting that just happens, a planned one with everything in it, and names at the edges of their form.
insert into meetings (id, room_name, created_at) values
    ('0190a000-0000-7000-8000-000000000001', 'blue-heron', '2026-01-05 09:00:00+00'),
    ('0190a000-0000-7000-8000-000000000002', 'a-1', '2026-01-05 09:00:00.000001+00'),
    ('0190a000-0000-7000-8000-000000000003', repeat('x', 64), '2026-01-06 23:59:59.999999+00');

insert into meetings (id, room_name, title, created_at, starts_at, ended_at, metadata, version) values
    ('0190a000-0000-7000-8000-000000000004', 'weekly-review', 'Wöchentlich – 每周 “review”', '2026-01-07 10:00:00+02',
     '2026-01-14 10:00:00+02', '2026-01-14 11:00:00+02', '{"colour": "teal", "agenda": ["one", "two"]}', 7);
