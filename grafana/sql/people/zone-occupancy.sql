-- As of the whole picture, for each zone that these devices have or had; of zones that are called alike, how many are in
-- them together.
select date_bin($__interval_ms * interval '1 ms', at, 'epoch') as time, zones.name as metric, max(people)::bigint as people
from (
  select named.name, array_agg(id) as ids
  from unnest(array[$zone]::text[]) as id
  cross join lateral (
    select name from zone_names
    where zone_id = id and device_id = any(array[$device]::text[])
    order by named_at desc, device_id
    limit 1
  ) as named
  group by 1
) as zones
cross join lateral (
  select at, sum(delta) over (order by at, delta rows unbounded preceding) as people
  from (
    select
      $__timeFrom()::timestamptz as at,
      sum(occupancy_before($__timeFrom()::timestamptz, array[$device]::text[], id)) as delta
    from unnest(zones.ids) as id
    union all
    select at, delta
    from occupancy_changes
    where $__timeFilter(at) and zone_id = any(zones.ids) and device_id = any(array[$device]::text[])
    union all
    select at, 0
    from generate_series($__timeFrom()::timestamptz, $__timeTo()::timestamptz, $__interval_ms * interval '1 ms') as at
  ) as steps
) as levels
group by 1, 2
order by 1, 2
