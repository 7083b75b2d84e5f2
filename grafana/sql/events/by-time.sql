select $__timeGroup(hour, $__interval) as time, type as metric, sum(count)::bigint as events
from event_counts
where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
  and device_id = any(array[$device]::text[]) and type = any(array[$type]::text[])
group by 1, 2
order by 1, 2
