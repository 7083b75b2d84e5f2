-- With a row, as site.sql says.
with found as (
  select distinct type
  from event_counts
  where hour between date_trunc('hour', $__timeFrom()::timestamptz, 'UTC') and $__timeTo()
    and device_id = any(array[$device]::text[])
)
select type from found
union all
select 'no event' where not exists (select from found)
order by 1
