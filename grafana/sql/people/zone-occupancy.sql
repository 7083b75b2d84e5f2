-- As of the whole picture, for each zone.
with changes as (
  select zone_id, at, sum(delta) as delta
  from occupancy_changes
  where $__timeFilter(at) and zone_id = any(array[$zone]::text[]) and device_id = any(array[$device]::text[])
  group by zone_id, at
),
before as (
  select zones.id as zone_id, coalesce(sum(delta), 0) as delta
  from unnest(array[$zone]::text[]) as zones (id)
  left join occupancy_changes on zone_id = zones.id and at < $__timeFrom() and device_id = any(array[$device]::text[])
  group by zones.id
),
steps as (
  select zone_id, $__timeFrom()::timestamptz as at, delta from before
  union all
  select zone_id, at, delta from changes
  union all
  select zone_id, at, 0
  from before
  cross join generate_series($__timeFrom()::timestamptz, $__timeTo()::timestamptz, $__interval_ms * interval '1 ms') as at
),
levels as (
  select zone_id, at, sum(delta) over (partition by zone_id order by at) as people from steps
)
select $__timeGroup(at, $__interval) as time, zone_id as metric, max(people)::bigint as people
from levels
group by 1, 2
order by 1, 2
