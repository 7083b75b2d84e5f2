-- The most that were there at once in each interval: who was there before it counts in it, and so in one without changes.
-- Of one moment those who went come first, and the most that were there is not more than those who were left with those
-- who came.
with steps as (
  select
    $__timeFrom()::timestamptz as at,
    occupancy_before($__timeFrom()::timestamptz, array[$device]::text[], '') as delta
  union all
  select at, delta
  from occupancy_changes
  where $__timeFilter(at) and zone_id = '' and device_id = any(array[$device]::text[])
  union all
  select at, 0
  from generate_series($__timeFrom()::timestamptz, $__timeTo()::timestamptz, $__interval_ms * interval '1 ms') as at
),
levels as (
  select at, sum(delta) over (order by at, delta rows unbounded preceding) as people from steps
)
select date_bin($__interval_ms * interval '1 ms', at, 'epoch') as time, max(people)::bigint as people
from levels
group by 1
order by 1
