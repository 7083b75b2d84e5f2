select
  occurred_at as at, coalesce(nullif(devices.name, ''), events.device_id) as camera,
  case type when 'device_offline' then 'offline' else 'online again' end as what,
  extract(epoch from ended_at - occurred_at)::double precision as lasted_s
from events
left join devices on devices.id = events.device_id
where $__timeFilter(occurred_at) and type in ('device_offline', 'device_online')
  and events.device_id = any(array[$device]::text[])
order by occurred_at desc, number desc
limit 50
