with found as (
  select device_id, type, (occurred_at at time zone 'UTC')::date as day, count(*) as there from events group by 1, 2, 3
)
select concat_ws(' ', device_id, type, day, 'is said to have', events, 'and has', there) as wrong
from event_days
full join found using (device_id, type, day)
where events is distinct from there
order by 1
