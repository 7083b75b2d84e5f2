-- What zones are called now, or were called last: by the newest configuration of the device that has them.
create view zone_names as
select distinct on (device_id, zone ->> 'id')
  device_id,
  zone ->> 'id' as zone_id,
  coalesce(nullif(zone ->> 'name', ''), zone ->> 'id') as name,
  created_at as named_at
from config_versions
cross join lateral jsonb_path_query(settings, '$.zones[*]') as zone
where zone ->> 'id' is not null
order by device_id, zone ->> 'id', version desc;
