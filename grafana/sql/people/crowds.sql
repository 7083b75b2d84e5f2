-- The most people of any crowd; of a zone, by its name.
select
  $__timeGroup(hour, $__interval) as time,
  coalesce(nullif(devices.name, ''), crowds_hourly.device_id) || case when zone_id = '' then '' else ' ' || coalesce(zone_names.name, zone_id) end
    as metric,
  max(people) as people
from crowds_hourly
left join devices on devices.id = crowds_hourly.device_id
left join zone_names using (device_id, zone_id)
where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
  and crowds_hourly.device_id = any(array[$device]::text[]) and (zone_id = '' or zone_id = any(array[$zone]::text[]))
group by 1, 2
order by 1, 2
