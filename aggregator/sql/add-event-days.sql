-- Rows are locked in one order, whoever counts what: no two wait for each other.
insert into event_days (device_id, type, day, events)
select device_id, type, (occurred_at at time zone 'UTC')::date as day, count(*)
from unnest($1::text[], $2::text[], $3::timestamptz[]) as event (device_id, type, occurred_at)
group by device_id, type, day
order by device_id, type, day
on conflict (device_id, type, day) do update set events = event_days.events + excluded.events
