-- Of each device by its index: there may be none at all, and who looks for fifty by their times alone reads all of every
-- camera's.
select
  occurred_at as at, coalesce(nullif(devices.name, ''), events.device_id) as camera,
  case type when 'device_offline' then 'offline' else 'online again' end as what,
  extract(epoch from ended_at - occurred_at)::double precision as lasted_s
from unnest(array[$device]::text[]) as chosen (id)
cross join lateral (
  select * from events
  where device_id = chosen.id and type in ('device_offline', 'device_online') and $__timeFilter(occurred_at)
  order by occurred_at desc, number desc
  limit 50
) as events
left join devices on devices.id = events.device_id
order by occurred_at desc, number desc
limit 50
