-- A new row is a new event, unless its first version did not come with it and rows that happened then may have gone by
-- their age: it was counted before it went. Up to when they may have, is kept with the sums of their hours. Rows are locked
-- in one order, whoever counts what: no two wait for each other.
insert into event_counts (device_id, type, hour, count)
select event.device_id, type, date_trunc('hour', occurred_at, 'UTC') as hour, count(*)
from unnest($1::text[], $2::text[], $3::timestamptz[], $4::boolean[]) as event (device_id, type, occurred_at, is_begun)
left join rollups_kept_until as own on own.rollup = 'zones_hourly' and own.device_id = event.device_id
where is_begun
  or occurred_at >= coalesce(
    own.until, (select until from rollups_kept_until where rollup = 'zones_hourly' and device_id = ''), '-infinity'
  )
group by event.device_id, type, hour
order by event.device_id, type, hour
on conflict (device_id, type, hour) do update set count = event_counts.count + excluded.count
