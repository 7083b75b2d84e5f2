with found as (
  select device_id, type, (occurred_at at time zone 'UTC')::date as day, count(*) as there from events group by 1, 2, 3
),
stayed as (
  select device_id, zone_id, (at at time zone 'UTC')::date as day, sum(delta) as there
  from occupancy_changes
  group by 1, 2, 3
  having sum(delta) <> 0
)
select concat_ws(' ', device_id, type, day, 'is said to have', events, 'and has', there) as wrong
from event_days
full join found using (device_id, type, day)
where events is distinct from there
union all
select concat_ws(' ', device_id, type, month, 'is said to have', event_months.events, 'and its days', of_days.events)
from event_months
full join (
  select device_id, type, month_of(day) as month, sum(events) as events from event_days group by 1, 2, 3
) as of_days using (device_id, type, month)
where event_months.events is distinct from of_days.events
union all
select concat_ws(' ', device_id, 'zone', zone_id, day, 'is said to have', people, 'more and has', there)
from occupancy_days
full join stayed using (device_id, zone_id, day)
where people is distinct from there
order by 1
