select $__timeGroup(hour, $__interval) as time, coalesce(zone_names.name, zone_id) as metric, sum(entered)::bigint as entered
from zones_hourly
left join zone_names using (device_id, zone_id)
where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
  and device_id = any(array[$device]::text[]) and zone_id = any(array[$zone]::text[])
group by 1, 2
order by 1, 2
