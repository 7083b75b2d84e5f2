-- Zones that these devices have or had, by their newest name.
select distinct on (zone_id) name as __text, zone_id as __value
from zone_names
where device_id = any(array[$device]::text[])
order by zone_id, named_at desc, device_id
