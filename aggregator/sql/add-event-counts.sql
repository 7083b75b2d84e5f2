-- Rows are locked in one order, whoever counts what: no two wait for each other.
insert into event_counts (device_id, type, hour, count)
select device_id, type, date_trunc('hour', occurred_at, 'UTC') as hour, count(*)
from unnest($1::text[], $2::text[], $3::timestamptz[]) as event (device_id, type, occurred_at)
group by device_id, type, hour
order by device_id, type, hour
on conflict (device_id, type, hour) do update set count = event_counts.count + excluded.count
