-- Where there is TimescaleDB, what grows with time lies in chunks of time, which are compressed when they have grown old
-- and dropped whole; and sums by the hour are continuous aggregates. On plain PostgreSQL the same names are tables and
-- views with the same columns, and answer the same.

-- Whether all of that can be had here: the extension, of a release that has it, and not its smaller edition.
create function has_timescale() returns boolean
language sql stable
as $$
  select coalesce(
    current_setting('timescaledb.license', true) = 'timescale'
    and (
      select string_to_array(split_part(extversion, '-', 1), '.')::integer[] >= array[2, 20]
      from pg_extension where extname = 'timescaledb'
    ),
    false
  )
$$;

-- Found by its names: to turn these into a regclass is an error for somebody who may not use the schema of any of them.
create function is_hypertable(in_table regclass) returns boolean
language plpgsql stable
as $$
begin
  if to_regclass('timescaledb_information.hypertables') is null then
    return false;
  end if;
  return exists (
    select from timescaledb_information.hypertables
    join pg_namespace as schemas on schemas.nspname = hypertable_schema
    join pg_class as classes on classes.relnamespace = schemas.oid and classes.relname = hypertable_name
    where classes.oid = in_table
  );
end
$$;

-- Whether a view of the schema in use is a continuous aggregate.
create function is_aggregate(in_view text) returns boolean
language plpgsql stable
as $$
begin
  if to_regclass('timescaledb_information.continuous_aggregates') is null then
    return false;
  end if;
  return exists (
    select from timescaledb_information.continuous_aggregates where view_schema = current_schema() and view_name = in_view
  );
end
$$;

-- Sums of hours whose rows may be gone. Kept before they go, and from then on as they are.
create table visits_hourly_kept (
  device_id text not null,
  hour timestamptz not null,
  visits bigint not null,
  closed bigint not null,
  dwell_ms bigint not null,
  shortest_dwell_ms bigint,
  longest_dwell_ms bigint,
  primary key (device_id, hour)
);

create table zones_hourly_kept (
  device_id text not null,
  zone_id text not null,
  hour timestamptz not null,
  entered bigint not null,
  ended bigint not null,
  stay_ms bigint not null,
  longest_stay_ms bigint,
  primary key (device_id, zone_id, hour)
);

create table crowds_hourly_kept (
  device_id text not null,
  -- Empty for the whole picture.
  zone_id text not null,
  hour timestamptz not null,
  crowds bigint not null,
  ended bigint not null,
  lasted_ms bigint not null,
  people integer,
  primary key (device_id, zone_id, hour)
);

create index visits_hourly_kept_hour on visits_hourly_kept (hour);
create index zones_hourly_kept_hour on zones_hourly_kept (hour);
create index crowds_hourly_kept_hour on crowds_hourly_kept (hour);

-- Up to when hours are told by what was kept of them, and no longer by their rows: for everybody (an empty device_id),
-- and further for devices whose rows go earlier. Always a full hour.
create table rollups_kept_until (
  device_id text primary key,
  until timestamptz not null
);

-- What an hour comes to. The bucket is a format that takes the name of the column of time; the condition is on rows.
-- Whatever the data of an event may hold, none of it makes the query fail.
create function rollup_query(in_rollup text, in_bucket text, in_condition text) returns text
language sql immutable
as $$
  select case in_rollup
    when 'visits_hourly' then format(
      $query$
        select
          device_id,
          %s as hour,
          count(*) as visits,
          count(*) filter (where ended_at is not null) as closed,
          coalesce(sum(dwell_ms) filter (where ended_at is not null), 0)::bigint as dwell_ms,
          min(dwell_ms) filter (where ended_at is not null) as shortest_dwell_ms,
          max(dwell_ms) filter (where ended_at is not null) as longest_dwell_ms
        from visits
        where %s
        group by 1, 2
      $query$,
      format(in_bucket, 'opened_at'), format(in_condition, 'opened_at', 'visits')
    )
    when 'zones_hourly' then format(
      $query$
        select
          device_id,
          coalesce(data ->> 'zone_id', '') as zone_id,
          %s as hour,
          count(*) as entered,
          count(*) filter (where ended_at is not null) as ended,
          coalesce(sum(extract(epoch from ended_at - occurred_at)) * 1000, 0)::bigint as stay_ms,
          (max(extract(epoch from ended_at - occurred_at)) * 1000)::bigint as longest_stay_ms
        from events
        where type = 'zone_entered' and %s
        group by 1, 2, 3
      $query$,
      format(in_bucket, 'occurred_at'), format(in_condition, 'occurred_at', 'events')
    )
    when 'crowds_hourly' then format(
      $query$
        select
          device_id,
          coalesce(data ->> 'zone_id', '') as zone_id,
          %s as hour,
          count(*) as crowds,
          count(*) filter (where ended_at is not null) as ended,
          coalesce(sum(extract(epoch from ended_at - occurred_at)) * 1000, 0)::bigint as lasted_ms,
          max(
            case jsonb_typeof(data -> 'people')
              when 'number' then least(greatest((data ->> 'people')::numeric, 0), 2147483647)::integer
            end
          ) as people
        from events
        where type = 'crowd' and %s
        group by 1, 2, 3
      $query$,
      format(in_bucket, 'occurred_at'), format(in_condition, 'occurred_at', 'events')
    )
  end
$$;

-- An hour is told by its rows while these are there, and by what was kept of it after. So an aggregate that is refreshed
-- where rows have been dropped, or only those of one device, takes nothing away.
create procedure define_rollups()
language plpgsql
as $$
declare
  rollup text;
begin
  drop view if exists visits_daily;
  foreach rollup in array array['visits_hourly', 'zones_hourly', 'crowds_hourly'] loop
    execute format('drop view if exists %I', rollup);
    execute format(
      'drop %s if exists %I', case when is_aggregate(rollup || '_live') then 'materialized view' else 'view' end, rollup || '_live'
    );
    if is_hypertable('visits') then
      execute format(
        'create materialized view %I with (timescaledb.continuous, timescaledb.materialized_only = false) as %s with no data',
        rollup || '_live',
        rollup_query(rollup, 'time_bucket(interval ''1 hour'', %I)', 'true')
      );
      -- From the oldest row on, so that what comes late is found however late; the newest hours are read from their rows.
      perform add_continuous_aggregate_policy(
        format('%I', rollup || '_live')::regclass,
        start_offset => null,
        end_offset => interval '1 hour',
        schedule_interval => interval '15 minutes',
        -- All at once: in batches, TimescaleDB 2.27 passes over hours that have changed.
        buckets_per_batch => 0
      );
    else
      execute format(
        'create view %I as %s', rollup || '_live', rollup_query(rollup, 'date_trunc(''hour'', %I, ''UTC'')', 'true')
      );
    end if;
    execute format(
      $view$
        create view %1$I as
        select live.*
        from %2$I as live
        where live.hour >= coalesce((select until from rollups_kept_until where device_id = ''), '-infinity')
          and not exists (
            select from rollups_kept_until as kept where kept.device_id = live.device_id and live.hour < kept.until
          )
        union all
        select * from %3$I
      $view$,
      rollup, rollup || '_live', rollup || '_kept'
    );
  end loop;

  -- Days begin where the device stands. Where a zone is not off by full hours, an hour belongs to the day on which it began.
  create view visits_daily as
  select
    (visits_hourly.hour at time zone coalesce(sites.time_zone, 'UTC'))::date as date,
    visits_hourly.device_id,
    sum(visits_hourly.visits)::bigint as visits,
    sum(visits_hourly.closed)::bigint as closed,
    sum(visits_hourly.dwell_ms)::bigint as dwell_ms,
    min(visits_hourly.shortest_dwell_ms) as shortest_dwell_ms,
    max(visits_hourly.longest_dwell_ms) as longest_dwell_ms
  from visits_hourly
  left join devices on devices.id = visits_hourly.device_id
  left join sites on sites.id = devices.site_id
  group by 1, 2;
end
$$;

-- What became of what was sent, by the minute, in the words of the console's answer.
create view ingest_minutely as
select
  minute,
  device_id,
  coalesce(sum(count) filter (where status = 202), 0)::bigint as accepted,
  coalesce(sum(count) filter (where status = 200), 0)::bigint as duplicates,
  coalesce(sum(count) filter (where status between 400 and 499), 0)::bigint as refused,
  coalesce(sum(count) filter (where status >= 500), 0)::bigint as unavailable
from ingest_outcomes
group by minute, device_id;

-- Keeps what the hours before a time come to, of all devices or of one, so that their rows may go: called before rows are
-- deleted, in whatever transaction. Answers up to when hours are kept. What comes later into these hours no longer counts.
create function keep_rollups(in_before timestamptz, in_device_id text default '') returns timestamptz
language plpgsql
as $$
declare
  -- The hour that is going on is never over.
  new_until constant timestamptz := least(
    date_trunc('hour', in_before + interval '1 hour' - interval '1 microsecond', 'UTC'), date_trunc('hour', now(), 'UTC')
  );
  old_until timestamptz;
  rollup text;
begin
  -- Of two at once the second finds what the first has kept.
  lock table rollups_kept_until in share row exclusive mode;
  select max(until) into old_until from rollups_kept_until where device_id in ('', in_device_id);
  if new_until is null or new_until <= old_until then
    return old_until;
  end if;
  foreach rollup in array array['visits_hourly', 'zones_hourly', 'crowds_hourly'] loop
    execute format('insert into %I ', rollup || '_kept') || rollup_query(
      rollup,
      'date_trunc(''hour'', %I, ''UTC'')',
      format('%%1$I >= %L and %%1$I < %L', coalesce(old_until, '-infinity'), new_until)
      || case when in_device_id = ''
        then ' and not exists (select from rollups_kept_until as kept where kept.device_id = %2$I.device_id and %1$I < kept.until)'
        else format(' and device_id = %s', replace(quote_literal(in_device_id), '%', '%%'))
      end
    );
  end loop;
  insert into rollups_kept_until (device_id, until) values (in_device_id, new_until)
  on conflict (device_id) do update set until = excluded.until;
  return new_until;
end
$$;

-- What takes how much, with indexes and with what is kept apart for being long; of hypertables with all of their chunks, as
-- the server knows of them: asked about each chunk anew it would take fifty times as long (2.27.2, 106 chunks).
create function table_sizes() returns table (schema_name text, table_name text, bytes bigint)
language plpgsql stable
as $$
declare
  has_chunks constant boolean := to_regclass('timescaledb_information.hypertables') is not null;
  hypertables oid[] := '{}';
begin
  if has_chunks then
    -- By their names: to turn these into a regclass is an error where a schema may not be used.
    select coalesce(array_agg(classes.oid), '{}') into hypertables
    from timescaledb_information.hypertables
    join pg_namespace as schemas on schemas.nspname = hypertable_schema
    join pg_class as classes on classes.relnamespace = schemas.oid and classes.relname = hypertable_name;
    return query
    select nspname::text, relname::text, hypertable_approximate_size(pg_class.oid)
    from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace
    where pg_class.oid = any(hypertables);
    return query
    select view_schema::text, view_name::text, hypertable_approximate_size(format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)::regclass)
    from timescaledb_information.continuous_aggregates;
  end if;
  return query
  select schemas.nspname::text, classes.relname::text, pg_total_relation_size(classes.oid)
  from pg_class as classes
  join pg_namespace as schemas on schemas.oid = classes.relnamespace
  where classes.relkind in ('r', 'm')
    and schemas.nspname !~ '^(pg_|_?timescaledb_|information_schema$)'
    and classes.oid <> all(hypertables);
end
$$;

-- Turns tables into hypertables, and views into continuous aggregates. What is in the tables is moved while nobody else
-- reads or writes them. Where it has been done, or cannot be, nothing happens.
create procedure use_timescale()
language plpgsql
-- It warns of keys that do not begin with the device; what that costs is known.
set client_min_messages = error
as $$
declare
  grown record;
begin
  if not has_timescale() or is_hypertable('visits') then
    return;
  end if;
  for grown in
    select * from (
      values
        -- Usually gone after two days: what goes row by row is not to be packed only to be unpacked.
        ('captures', 'captured_at', interval '3 hours', 'captured_at desc, seq desc', interval '2 days', interval '1 hour'),
        -- Gone before it would pay; and the last row of a device is looked up by its number at each batch.
        ('observations', 'captured_at', interval '3 hours', null, null, null),
        -- Told anew for as long as they last; and devices that were away bring what is days old.
        ('events', 'occurred_at', interval '7 days', 'occurred_at desc, number desc', interval '7 days', interval '12 hours'),
        ('visits', 'opened_at', interval '7 days', 'opened_at desc, id desc', interval '7 days', interval '12 hours')
    ) as tables (name, time_column, chunk_interval, order_by, compress_after, look_every)
  loop
    perform create_hypertable(
      grown.name::regclass,
      by_range(grown.time_column::name, grown.chunk_interval),
      create_default_indexes => false,
      migrate_data => true
    );
    if grown.order_by is not null then
      execute format(
        'alter table %I set (timescaledb.enable_columnstore, timescaledb.segmentby = ''device_id'', timescaledb.orderby = %L)',
        grown.name, grown.order_by
      );
      call add_columnstore_policy(
        grown.name::regclass, after => grown.compress_after, schedule_interval => grown.look_every
      );
    end if;
  end loop;
  call define_rollups();
end
$$;

do $$
begin
  if has_timescale() then
    call use_timescale();
  else
    call define_rollups();
  end if;
end
$$;
