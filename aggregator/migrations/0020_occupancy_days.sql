-- How many were there at a moment is the sum of all who came and went until then: of a year, this is a sum of days.

-- How many more came than went, by the day of UTC; days that come to nothing have no row. What changes occupancy_changes
-- changes it in the same statement, whoever writes.
create table occupancy_days (
  device_id text not null,
  zone_id text not null,
  day date not null,
  people integer not null,
  primary key (device_id, zone_id, day)
) with (fillfactor = 50);

insert into occupancy_days (device_id, zone_id, day, people)
select device_id, zone_id, (at at time zone 'UTC')::date as day, sum(delta)
from occupancy_changes
group by device_id, zone_id, day
having sum(delta) <> 0;

create function add_to_occupancy_days(device_ids text[], zone_ids text[], days date[], more integer[]) returns void
language plpgsql
as $$
begin
  -- Rows are locked in one order, whoever counts what: no two wait for each other.
  insert into occupancy_days (device_id, zone_id, day, people)
  select device_id, zone_id, day, people
  from unnest(device_ids, zone_ids, days, more) as counted (device_id, zone_id, day, people)
  order by device_id, zone_id, day
  on conflict (device_id, zone_id, day) do update set people = occupancy_days.people + excluded.people;

  delete from occupancy_days
  using unnest(device_ids, zone_ids, days) as counted (device_id, zone_id, day)
  where occupancy_days.device_id = counted.device_id
    and occupancy_days.zone_id = counted.zone_id
    and occupancy_days.day = counted.day
    and occupancy_days.people = 0;
end
$$;

create function keep_occupancy_days() returns trigger
language plpgsql
as $$
begin
  if tg_op <> 'INSERT' then
    perform add_to_occupancy_days(array_agg(device_id), array_agg(zone_id), array_agg(day), array_agg(-people::integer))
    from (
      select device_id, zone_id, (at at time zone 'UTC')::date as day, sum(delta) as people from gone group by 1, 2, 3
    ) as counted;
  end if;
  if tg_op <> 'DELETE' then
    perform add_to_occupancy_days(array_agg(device_id), array_agg(zone_id), array_agg(day), array_agg(people::integer))
    from (
      select device_id, zone_id, (at at time zone 'UTC')::date as day, sum(delta) as people from come group by 1, 2, 3
    ) as counted;
  end if;
  return null;
end
$$;

create trigger occupancy_come
after insert on occupancy_changes referencing new table as come
for each statement execute function keep_occupancy_days();

create trigger occupancy_moved
after update on occupancy_changes referencing old table as gone new table as come
for each statement execute function keep_occupancy_days();

create trigger occupancy_gone
after delete on occupancy_changes referencing old table as gone
for each statement execute function keep_occupancy_days();

-- How many were there, in a zone of these devices together ('' for the whole picture), just before a moment.
create function occupancy_before(moment timestamptz, devices text[], zone text) returns integer
language sql stable
as $$
  select (
    coalesce((
      select sum(people)
      from occupancy_days
      where device_id = any(devices) and zone_id = zone and day < (moment at time zone 'UTC')::date
    ), 0)
    + coalesce((
      select sum(delta)
      from occupancy_changes
      where device_id = any(devices) and zone_id = zone and at >= date_trunc('day', moment, 'UTC') and at < moment
    ), 0)
  )::integer
$$;

-- Of events that were deleted: event_days has so many fewer. For whoever deletes them, in the same transaction.
create function lower_event_days(device_ids text[], types text[], times timestamptz[]) returns void
language sql
as $$
  with gone as (
    select device_id, type, (occurred_at at time zone 'UTC')::date as day, count(*) as events
    from unnest(device_ids, types, times) as event (device_id, type, occurred_at)
    group by 1, 2, 3
  ),
  -- In the order in which they are locked to count.
  locked as (
    select device_id, type, day, event_days.events as there, gone.events
    from event_days
    join gone using (device_id, type, day)
    order by device_id, type, day
    for update of event_days
  ),
  emptied as (
    delete from event_days
    using locked
    where (event_days.device_id, event_days.type, event_days.day) = (locked.device_id, locked.type, locked.day)
      and locked.there <= locked.events
  )
  update event_days
  set events = event_days.events - locked.events
  from locked
  where (event_days.device_id, event_days.type, event_days.day) = (locked.device_id, locked.type, locked.day)
    and locked.there > locked.events
$$;
