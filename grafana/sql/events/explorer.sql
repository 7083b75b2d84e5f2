-- The newest. Those of no zone are of every zone.
select
  occurred_at as at,
  type,
  coalesce(nullif(devices.name, ''), events.device_id) as camera,
  sites.name as site,
  coalesce(nullif(data ->> 'zone_name', ''), data ->> 'zone_id') as zone,
  data ->> 'person_id' as person,
  extract(epoch from ended_at - occurred_at)::double precision as lasted_s,
  lane,
  case when snapshot_path is not null then number end as picture,
  number,
  nullif((data - '{box,boxes,person_id,zone_id,zone_name,track_id,last_seen_at}'::text[])::text, '{}') as data
from events
left join devices on devices.id = events.device_id
left join sites on sites.id = devices.site_id
where $__timeFilter(occurred_at)
  and events.device_id = any(array[$device]::text[]) and type = any(array[$type]::text[])
  and (data ->> 'zone_id' is null or data ->> 'zone_id' = any(array[$zone]::text[]))
order by occurred_at desc, number desc
limit 200
