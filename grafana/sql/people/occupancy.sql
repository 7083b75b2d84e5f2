-- The most that were there at once in each interval: who was there before it counts in it, and so in one without changes.
with changes as (
  select at, sum(delta) as delta
  from occupancy_changes
  where $__timeFilter(at) and zone_id = '' and device_id = any(array[$device]::text[])
  group by at
),
steps as (
  select $__timeFrom()::timestamptz as at, coalesce(sum(delta), 0) as delta
  from occupancy_changes
  where at < $__timeFrom() and zone_id = '' and device_id = any(array[$device]::text[])
  union all
  select at, delta from changes
  union all
  select at, 0
  from generate_series($__timeFrom()::timestamptz, $__timeTo()::timestamptz, $__interval_ms * interval '1 ms') as at
),
levels as (
  select at, sum(delta) over (order by at) as people from steps
)
select $__timeGroup(at, $__interval) as time, max(people)::bigint as people
from levels
group by 1
order by 1
