-- Rows are locked in one order, whoever counts what: no two wait for each other.
insert into event_months (device_id, type, month, events)
select device_id, type, month_of((occurred_at at time zone 'UTC')::date) as month, count(*)
from unnest($1::text[], $2::text[], $3::timestamptz[]) as event (device_id, type, occurred_at)
group by device_id, type, month
order by device_id, type, month
on conflict (device_id, type, month) do update set events = event_months.events + excluded.events
