-- An event is asked for by its number, which says nothing of its time: without one, every chunk there is would be looked at.

-- Of each thousand numbers the weeks in which their events happened, from a Thursday on, as chunks are cut. Mostly that is one
-- week; a row says of no device, and stays when its events have gone.
create table event_numbers (
  thousand bigint not null,
  week date not null,
  primary key (thousand, week)
);

create function event_week(moment timestamptz) returns date
language sql immutable
return (moment at time zone 'UTC')::date
  - mod(mod((moment at time zone 'UTC')::date - date '1970-01-01', 7) + 7, 7);

insert into event_numbers (thousand, week)
select distinct number / 1000, event_week(occurred_at) from events;

-- How many events there are of a device, a type and a month of UTC: what event_days comes to, kept by whoever keeps those.
create table event_months (
  device_id text not null,
  type text not null,
  -- Its first day.
  month date not null,
  events bigint not null check (events > 0),
  primary key (device_id, type, month)
) with (fillfactor = 50);

create function month_of(day date) returns date
language sql immutable
return date_trunc('month', day::timestamp)::date;

insert into event_months (device_id, type, month, events)
select device_id, type, month_of(day), sum(events) from event_days group by 1, 2, 3;

-- As before, and of months too. Days are locked before months, and each in their order, whoever counts what.
create or replace function lower_event_days(device_ids text[], types text[], times timestamptz[]) returns void
language sql
as $$
  with gone as (
    select device_id, type, (occurred_at at time zone 'UTC')::date as day, count(*) as events
    from unnest(device_ids, types, times) as event (device_id, type, occurred_at)
    group by 1, 2, 3
  ),
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
    and locked.there > locked.events;

  with gone as (
    select device_id, type, month_of((occurred_at at time zone 'UTC')::date) as month, count(*) as events
    from unnest(device_ids, types, times) as event (device_id, type, occurred_at)
    group by 1, 2, 3
  ),
  locked as (
    select device_id, type, month, event_months.events as there, gone.events
    from event_months
    join gone using (device_id, type, month)
    order by device_id, type, month
    for update of event_months
  ),
  emptied as (
    delete from event_months
    using locked
    where (event_months.device_id, event_months.type, event_months.month) = (locked.device_id, locked.type, locked.month)
      and locked.there <= locked.events
  )
  update event_months
  set events = event_months.events - locked.events
  from locked
  where (event_months.device_id, event_months.type, event_months.month) = (locked.device_id, locked.type, locked.month)
    and locked.there > locked.events
$$;

-- From when on event_counts has all hours: those before have been let go, and rows may be there still.
insert into rollups_kept_until (rollup, device_id, until)
select 'event_counts', '', oldest.hour + interval '1 hour'
from (select min(hour) as hour from event_counts) as oldest
where exists (select from event_days where day < (oldest.hour at time zone 'UTC')::date);

-- A time from in_from up to and with in_to, cut into what is counted already: into months of UTC, the days about these, the
-- hours about those, and what is left at both ends, of which rows are to be counted. Each piece begins where the one before it
-- ends, and may be empty. Hours are counted for good, whether rows have gone or not: so they say how many rows there are as
-- long as none of theirs can have gone.
create function event_pieces(
  in_from timestamptz, in_to timestamptz,
  out head timestamptz, out head_hours timestamptz, out head_days timestamptz, out months timestamptz,
  out tail_days timestamptz, out tail_hours timestamptz, out tail timestamptz, out past timestamptz
)
language plpgsql stable
as $$
declare
  exact_from constant timestamptz := (
    select max(until) from rollups_kept_until where rollup in ('zones_hourly', 'event_counts')
  );
begin
  head := coalesce(in_from, '-infinity');
  past := greatest(coalesce(in_to + interval '1 microsecond', 'infinity'), head);
  head_hours := date_trunc('hour', head, 'UTC') + case when date_trunc('hour', head, 'UTC') < head then interval '1 hour' else '0' end;
  head_days := date_trunc('day', head, 'UTC') + case when date_trunc('day', head, 'UTC') < head then interval '24 hours' else '0' end;
  months := date_trunc('month', head, 'UTC');
  if months < head then
    months := (date_trunc('month', head at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  end if;
  tail := date_trunc('hour', past, 'UTC');
  tail_hours := date_trunc('day', past, 'UTC');
  tail_days := date_trunc('month', past, 'UTC');
  -- Where a piece has no room, what lies about it meets.
  if head_hours > tail then
    head_hours := past;
    tail := past;
  end if;
  if head_days > tail_hours then
    head_days := tail;
    tail_hours := tail;
  end if;
  if months > tail_days then
    months := tail_hours;
    tail_days := tail_hours;
  end if;
  if head_hours < exact_from then
    head_hours := head_days;
  end if;
  if tail_hours < exact_from then
    tail := tail_hours;
  end if;
end
$$;

-- Events that somebody has deleted: what tells of them later is not written. A picture that was to stay is kept for as long as
-- the event would have kept it.
create table deleted_events (
  id uuid primary key,
  device_id text not null,
  -- When it was, as far as was known.
  during tstzrange not null,
  snapshot_path text,
  deleted_at timestamptz not null
);

create index deleted_events_device on deleted_events (device_id);
create index deleted_events_snapshots on deleted_events (snapshot_path) where snapshot_path is not null;

-- Whether an event is one that is searched for, by what it tells: each member of the search narrows it.
create function event_matches(in_data jsonb, in_model text, in_search jsonb) returns boolean
language plpgsql immutable parallel safe
as $$
declare
  -- Whatever the data of an event may hold, none of it makes the query fail.
  confidence constant numeric := case when jsonb_typeof(in_data -> 'confidence') = 'number' then (in_data ->> 'confidence')::numeric end;
  stayed_ms constant numeric := case
    when jsonb_typeof(in_data -> 'dwell_ms') = 'number' then (in_data ->> 'dwell_ms')::numeric
    when jsonb_typeof(in_data -> 'stay_ms') = 'number' then (in_data ->> 'stay_ms')::numeric
  end;
begin
  return (
    (not in_search ? 'class_name' or in_data ->> 'class_name' = in_search ->> 'class_name')
    and (not in_search ? 'person_id' or in_data ->> 'person_id' = in_search ->> 'person_id')
    and (not in_search ? 'zone' or in_search ->> 'zone' in (in_data ->> 'zone_id', in_data ->> 'zone_name'))
    and (not in_search ? 'model' or in_model = in_search ->> 'model')
    and (not in_search ? 'min_confidence' or confidence >= (in_search ->> 'min_confidence')::numeric)
    and (not in_search ? 'max_confidence' or confidence <= (in_search ->> 'max_confidence')::numeric)
    and (not in_search ? 'min_dwell_s' or stayed_ms >= (in_search ->> 'min_dwell_s')::numeric * 1000)
    and (not in_search ? 'max_dwell_s' or stayed_ms <= (in_search ->> 'max_dwell_s')::numeric * 1000)
    and (
      not in_search ? 'q'
      or exists (
        select from jsonb_path_query(in_data, 'strict $.**') as told
        where jsonb_typeof(told) = 'string' and strpos(lower(told #>> '{}'), lower(in_search ->> 'q')) > 0
      )
    )
  ) is true;
end
$$;
