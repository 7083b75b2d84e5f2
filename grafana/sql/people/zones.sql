select
  coalesce(zone_names.name, zone_id) as zone,
  coalesce(nullif(devices.name, ''), zones_hourly.device_id) as device,
  sum(entered)::bigint as entered,
  sum(stay_ms)::double precision / nullif(sum(ended), 0) as mean_stay_ms,
  max(longest_stay_ms) as longest_stay_ms
from zones_hourly
left join devices on devices.id = zones_hourly.device_id
left join zone_names using (device_id, zone_id)
where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
  and zones_hourly.device_id = any(array[$device]::text[]) and zone_id = any(array[$zone]::text[])
group by 1, 2
order by 3 desc, 1, 2
