select
  $__timeGroup(hour, $__interval) as time,
  coalesce(nullif(devices.name, ''), visits_hourly.device_id) as metric,
  sum(visits)::bigint as visits
from visits_hourly
left join devices on devices.id = visits_hourly.device_id
where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
  and visits_hourly.device_id = any(array[$device]::text[])
group by 1, 2
order by 1, 2
