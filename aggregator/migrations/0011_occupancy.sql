-- Who came and who went, in event time: from it follows how many were there at any moment. Kept in the transaction that
-- writes the event, and in step with its newest version.
create table occupancy_changes (
  event_id uuid not null,
  delta smallint not null check (delta in (-1, 1)),
  at timestamptz not null,
  device_id text not null,
  -- Empty for the whole picture.
  zone_id text not null,
  primary key (event_id, delta)
);

create index occupancy_changes_at on occupancy_changes (device_id, zone_id, at) include (delta);

insert into occupancy_changes (event_id, delta, at, device_id, zone_id)
select id, 1, occurred_at, device_id, '' from events where type = 'visit'
union all
select id, -1, ended_at, device_id, '' from events where type = 'visit' and ended_at is not null;
