-- Zones that these devices have or had, by the name of the newest configuration that knows them.
select distinct on (zone ->> 'id')
  coalesce(nullif(zone ->> 'name', ''), zone ->> 'id') as __text, zone ->> 'id' as __value
from config_versions
cross join lateral jsonb_path_query(settings, '$.zones[*]') as zone
where device_id = any(array[$device]::text[]) and zone ->> 'id' is not null
order by zone ->> 'id', created_at desc, version desc
