-- Of visits that are over.
with bounds (place, dwell, from_ms, to_ms) as (
  values
    (1, 'under 5 s', 0, 5000),
    (2, '5 to 15 s', 5000, 15000),
    (3, '15 to 30 s', 15000, 30000),
    (4, '30 to 60 s', 30000, 60000),
    (5, '1 to 2 min', 60000, 120000),
    (6, '2 to 5 min', 120000, 300000),
    (7, '5 to 15 min', 300000, 900000),
    (8, '15 to 60 min', 900000, 3600000),
    (9, 'an hour or more', 3600000, null)
)
select dwell, coalesce(counted.visits, 0) as visits
from bounds
left join (
  select place, count(*) as visits
  from visits
  join bounds on dwell_ms >= from_ms and (to_ms is null or dwell_ms < to_ms)
  where $__timeFilter(opened_at) and ended_at is not null and device_id = any(array[$device]::text[])
  group by place
) as counted using (place)
where exists (
  select from visits where $__timeFilter(opened_at) and ended_at is not null and device_id = any(array[$device]::text[])
)
order by place
