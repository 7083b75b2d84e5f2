-- Zones that these devices have or had, by their newest name; with a row, and texts that differ, as site.sql says. No zone
-- has an id with a space.
with named as (
  select distinct on (zone_id) zone_id as id, name
  from zone_names
  where device_id = any(array[$device]::text[])
  order by zone_id, named_at desc, device_id
)
select case when count(*) over (partition by name) > 1 then format('%s (%s)', name, id) else name end as __text, id as __value
from named
union all
select 'no zone', 'no zone' where not exists (select from named)
order by 2
