-- How far from where a page begins its events are looked for, time after time: of a list that goes back from $2 ($3 is where the
-- page before ended), or on from $1. There are no events beyond the days of which there are some.
select array(
  select edge::text
  from (
    select
      case when $4 then least($2::timestamptz, $3::timestamptz, (max(day) + 1)::timestamp at time zone 'UTC')
        else greatest($1::timestamptz, $3::timestamptz, min(day)::timestamp at time zone 'UTC')
      end as begun
    from event_days
  ) as page
  cross join unnest(array[interval '24 hours', interval '192 hours', interval '1536 hours']) with ordinality as reach (hours, place)
  cross join lateral (select case when $4 then begun - hours else begun + hours end as edge) as edges
  where case when $4 then edge > coalesce($1::timestamptz, '-infinity') else edge <= coalesce($2::timestamptz, 'infinity') end
  order by place
) as edges
