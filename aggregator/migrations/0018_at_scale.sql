-- What is asked of a year takes hardly longer than of a month.

-- Which observation was told last of a device in a lane. It is asked for with each batch, and to look for it among the
-- observations would be a look into every chunk there is.
create table last_observations (
  device_id text not null,
  lane text not null,
  -- The key of its row, which may have gone since.
  frame_id uuid not null,
  captured_at timestamptz not null,
  outcome text not null,
  primary key (device_id, lane)
) with (fillfactor = 50);

insert into last_observations (device_id, lane, frame_id, captured_at, outcome)
select distinct on (device_id, lane) device_id, lane, frame_id, captured_at, outcome
from observations
order by device_id, lane, number desc;

drop index observations_last;

-- How many events there are of a device, a type and a day of UTC: of rows that are there, whereas event_counts goes on to
-- tell of those that have gone. Whoever writes or deletes events keeps it, in the same transaction.
create table event_days (
  device_id text not null,
  type text not null,
  day date not null,
  events bigint not null check (events > 0),
  primary key (device_id, type, day)
) with (fillfactor = 70);

create index event_days_day on event_days (day);

insert into event_days (device_id, type, day, events)
select device_id, type, (occurred_at at time zone 'UTC')::date, count(*) from events group by 1, 2, 3;

-- The days on which visits may have begun, wherever that was. Few are said to be expected, since most who ask want few: a
-- plan for all there may be would be compiled (JIT), which takes seconds where there are many chunks.
create function visit_days() returns setof date
language plpgsql stable security definer rows 5
as $$
begin
  return query
  select generate_series(
    (select min(opened_at) at time zone 'UTC' from visits)::date - 1,
    (select max(opened_at) at time zone 'UTC' from visits)::date + 1,
    interval '1 day'
  )::date;
end
$$;

-- It runs as its owner, since readers may see no visits: so what is meant by a name is looked up here, and not first among
-- what a reader may have made for the time being.
do $$
begin
  execute format('alter function visit_days() set search_path = %I, pg_temp', current_schema());
end
$$;

-- A visit belongs to the day on which it began, where the device stands. Each day is added up by itself, of what began
-- about that day: no zone is more than 12 hours behind UTC, nor more than 14 ahead. So a date says which visits to read,
-- and where zones are changed dates follow.
create or replace view results.person_summary as
select days.date, summed.device_id, summed.unique_person_count, summed.total_dwell_time
from visit_days() as days (date)
cross join lateral (
  select
    visits.device_id,
    count(distinct visits.person_id) as unique_person_count,
    sum(visits.dwell_ms) / 1000::double precision as total_dwell_time
  from visits
  left join devices on devices.id = visits.device_id
  left join sites on sites.id = devices.site_id
  where visits.opened_at >= days.date::timestamp at time zone 'UTC' - interval '14 hours'
    and visits.opened_at < days.date::timestamp at time zone 'UTC' + interval '36 hours'
    and (visits.opened_at at time zone coalesce(sites.time_zone, 'UTC'))::date = days.date
  group by visits.device_id
) as summed;
