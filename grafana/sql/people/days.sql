-- Days are those of where the device stands.
select day::text as day, count(*) as people, sum(visits)::bigint as visits
from (
  select (opened_at at time zone coalesce(sites.time_zone, 'UTC'))::date as day, person_id, count(*) as visits
  from visits
  left join devices on devices.id = visits.device_id
  left join sites on sites.id = devices.site_id
  where $__timeFilter(opened_at) and visits.device_id = any(array[$device]::text[])
  group by 1, 2
) as each
group by each.day
order by each.day
