-- Devices may stand nowhere in particular, and where there is no site all of them do. Grafana takes a list without a row
-- for an error, and of several rows with one text it may keep the first alone: two owners' sites may have one name.
select case when count(*) over (partition by name) > 1 then format('%s (%s)', name, id) else name end as __text, id::text as __value
from sites
union all
select 'no site', 'none'
where not exists (select from sites) or exists (select from devices where site_id is null and deleted_at is null)
order by 1
