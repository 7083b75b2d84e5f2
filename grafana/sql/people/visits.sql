select coalesce(sum(visits), 0)::bigint as visits
from visits_hourly
where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
  and device_id = any(array[$device]::text[])
