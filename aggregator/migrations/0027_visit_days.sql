-- The days on which visits may have begun, wherever that was: of those there are, from one stretch of days to the next, so that
-- a visit of another century costs no more than one of today. Few are said to be expected, since most who ask want few: a
-- plan for all there may be would be compiled (JIT), which takes seconds where there are many chunks.
create or replace function visit_days() returns setof date
language plpgsql stable security definer rows 5
as $$
declare
  -- To look for the next day for each one would cost more than to pass over the days of a month on which nobody came.
  days_at_once constant integer := 30;
  newest constant date := (select max(opened_at) at time zone 'UTC' from visits)::date;
  begun date := (select min(opened_at) at time zone 'UTC' from visits)::date;
  last_told date;
begin
  while begun is not null loop
    return query
    select begun + shift
    from generate_series(greatest(-1, last_told + 1 - begun), least(days_at_once, newest + 1 - begun)) as shift;
    last_told := begun + days_at_once;
    begun := (
      select min(opened_at) at time zone 'UTC'
      from visits
      where opened_at >= (begun + days_at_once)::timestamp at time zone 'UTC'
    )::date;
  end loop;
end
$$;

-- As before: it runs as its owner, and what is meant by a name is looked up here.
do $$
begin
  execute format('alter function visit_days() set search_path = %I, pg_temp', current_schema());
end
$$;
