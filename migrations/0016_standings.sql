-- What was decided about an identity in one sitting: that it is kept out, or that it has another role than it came with.
create table standings (
    instance_id uuid not null references meeting_instances (id) on delete cascade,
    identity text not null,
    barred_at timestamptz,
    role text,
    decided_at timestamptz not null,

    primary key (instance_id, identity),
    constraint standings_role check (role in ('host', 'speaker', 'viewer'))
);

-- A locked sitting lets nobody in who was not in it before.
alter table meeting_instances add column locked_at timestamptz;
