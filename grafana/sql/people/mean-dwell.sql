-- Of visits that are over; null where there is none.
select sum(dwell_ms)::double precision / nullif(sum(closed), 0) as dwell_ms
from visits_hourly
where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
  and device_id = any(array[$device]::text[])
