-- Devices may stand nowhere in particular.
select name as __text, id::text as __value from sites
union all
select 'no site', 'none' where exists (select from devices where site_id is null and deleted_at is null)
order by 1
