-- With a row, and texts that differ, as site.sql says; no device has an id with a space.
with named as (
  select id, coalesce(nullif(name, ''), id) as name
  from devices
  where deleted_at is null and coalesce(site_id::text, 'none') = any(array[$site]::text[])
)
select case when count(*) over (partition by name) > 1 then format('%s (%s)', name, id) else name end as __text, id as __value
from named
union all
select 'no device', 'no device' where not exists (select from named)
order by 1, 2
