-- A deed of an account on a meeting that is gone, and one of the operator.
insert into audit_log (id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, subject_name, meeting_id,
                       address, details) values
    ('01930000-0000-7000-8000-000000000001', '2026-01-05 09:00:00+00', 'account', '0190f000-0000-7000-8000-000000000001',
     'Ada', 'meeting.deleted', 'meeting', '0190a000-0000-7000-8000-0000000000ff', 'old-heron',
     '0190a000-0000-7000-8000-0000000000ff', '203.0.113.7', '{"recordings": 0}'),
    ('01930000-0000-7000-8000-000000000002', '2026-01-05 08:00:00+00', 'operator', null, '', 'account.created', 'account',
     '0190f000-0000-7000-8000-000000000001', 'ada@example.org', null, '', '{}');
