-- What is kept of hours is kept of those alone whose rows may go: of each sum by itself, since visits have another time than
-- events, and not of devices that keep theirs for longer. The rows of these are told, and erased, as all others.

-- A device that has a row of its own is told by that alone, whether it is behind everybody's or before.
delete from rollups_kept_until as kept
using rollups_kept_until as everybodys
where everybodys.device_id = '' and kept.device_id <> '' and kept.until <= everybodys.until;

-- Each sum has a time of its own.
alter table rollups_kept_until drop constraint rollups_kept_until_pkey;
alter table rollups_kept_until add column rollup text not null default 'visits_hourly';
alter table rollups_kept_until alter column rollup drop default;
insert into rollups_kept_until (device_id, until, rollup)
select device_id, until, other
from rollups_kept_until, unnest(array['zones_hourly', 'crowds_hourly']) as other;
alter table rollups_kept_until add primary key (rollup, device_id);

-- Hours that are told by their rows, and those of which sums were kept. The second condition on the hour follows from the
-- first; by it chunks are passed over.
create function rollup_view(in_rollup text) returns text
language sql immutable
as $$
  select format(
    $query$
      select live.*
      from %2$I as live
      left join rollups_kept_until as own on own.rollup = %1$L and own.device_id = live.device_id
      where live.hour >= coalesce(
          own.until, (select until from rollups_kept_until where rollup = %1$L and device_id = ''), '-infinity'
        )
        and live.hour >= coalesce(
          (select min(until) from rollups_kept_until where rollup = %1$L having bool_or(device_id = '')), '-infinity'
        )
      union all
      select * from %3$I
    $query$,
    in_rollup, in_rollup || '_live', in_rollup || '_kept'
  )
$$;

do $$
declare
  rollup text;
begin
  foreach rollup in array array['visits_hourly', 'zones_hourly', 'crowds_hourly'] loop
    execute format('create or replace view %I as %s', rollup, rollup_view(rollup));
  end loop;
end
$$;

-- An hour is told by its rows while these are there, and by what was kept of it after. So an aggregate that is refreshed
-- where rows have been dropped, or only those of one device, takes nothing away.
create or replace procedure define_rollups()
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
    execute format('create view %I as %s', rollup, rollup_view(rollup));
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

drop function keep_rollups(timestamptz, text);

-- Keeps what the hours before a time come to, so that their rows may go: of all devices but some that have times of their
-- own, or of one of these; of all sums, or of those whose rows are to go. Called before rows are deleted, in whatever
-- transaction. Answers up to when hours are kept. What comes later into these hours no longer counts.
create function keep_rollups(
  in_before timestamptz,
  in_device_id text default '',
  in_rollups text[] default array['visits_hourly', 'zones_hourly', 'crowds_hourly'],
  in_except text[] default '{}'
) returns timestamptz
language plpgsql
as $$
declare
  -- The hour that is going on is never over.
  new_until constant timestamptz := least(
    date_trunc('hour', in_before + interval '1 hour' - interval '1 microsecond', 'UTC'), date_trunc('hour', now(), 'UTC')
  );
  rollup_name text;
  everybodys timestamptz;
  -- From when on there may be something to keep.
  old_until timestamptz;
  kept_until timestamptz;
  answer timestamptz;
begin
  -- Of two at once the second finds what the first has kept.
  lock table rollups_kept_until in share row exclusive mode;
  foreach rollup_name in array in_rollups loop
    select coalesce(max(until), '-infinity') into everybodys
    from rollups_kept_until where rollup = rollup_name and device_id = '';

    if in_device_id = '' then
      -- From here on these go by themselves.
      insert into rollups_kept_until (rollup, device_id, until)
      select rollup_name, device_id, everybodys from unnest(in_except) as device_id
      on conflict (rollup, device_id) do nothing;
      -- Those that have no times of their own any more may be behind.
      select coalesce(least(everybodys, min(until)), everybodys) into old_until
      from rollups_kept_until where rollup = rollup_name and device_id <> '' and device_id <> all(in_except);
    else
      select coalesce(max(until), everybodys) into old_until
      from rollups_kept_until where rollup = rollup_name and device_id = in_device_id;
    end if;

    kept_until := greatest(case when in_device_id = '' then everybodys else old_until end, new_until);
    answer := least(answer, kept_until);
    continue when new_until <= old_until;

    execute format('insert into %I ', rollup_name || '_kept') || rollup_query(
      rollup_name,
      'date_trunc(''hour'', %I, ''UTC'')',
      format('%%1$I >= %L and %%1$I < %L', old_until, new_until)
      || case when in_device_id = ''
        then replace(format(' and device_id <> all(%L::text[])', in_except), '%', '%%')
          || format(
            ' and %%1$I >= coalesce((select until from rollups_kept_until as own where own.rollup = %L and own.device_id = %%2$I.device_id), %L)',
            rollup_name, everybodys
          )
        else format(' and device_id = %s', replace(quote_literal(in_device_id), '%', '%%'))
      end
    );

    insert into rollups_kept_until (rollup, device_id, until) values (rollup_name, in_device_id, kept_until)
    on conflict (rollup, device_id) do update set until = excluded.until;
    if in_device_id = '' then
      update rollups_kept_until set until = new_until
      where rollup = rollup_name and device_id <> '' and device_id <> all(in_except) and until < new_until;
      delete from rollups_kept_until
      where rollup = rollup_name and device_id <> '' and device_id <> all(in_except) and until = kept_until;
    end if;
  end loop;
  return answer;
end
$$;
