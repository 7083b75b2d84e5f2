select
  $__timeGroup(hour, $__interval) as time,
  coalesce(nullif(devices.name, ''), ledger_hours.device_id) as metric,
  sum(received)::bigint as frames
from ledger_hours
join devices on devices.id = ledger_hours.device_id
where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
  and ledger_hours.device_id = any(array[$device]::text[])
group by 1, 2
order by 1, 2
