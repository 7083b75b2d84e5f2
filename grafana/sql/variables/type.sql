select distinct type from event_counts
where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
  and device_id = any(array[$device]::text[])
order by 1
