-- $3 and $4 are the first and the last time: so no chunk is looked at but theirs. What the events have changed of the
-- occupancy goes with them, both ends together; and of their days there are so many fewer.
with gone as (
  delete from events
  using unnest($1::uuid[], $2::timestamptz[]) as due (id, at)
  where events.id = due.id and events.occurred_at = due.at
    and events.occurred_at between $3::timestamptz and $4::timestamptz
  returning events.id, events.device_id, events.type, events.occurred_at, events.snapshot_path as key, pg_column_size(events.*) as bytes
),
changes as (
  delete from occupancy_changes
  using gone
  where event_id = gone.id
  returning pg_column_size(occupancy_changes.*) as bytes
),
queued as (
  insert into expired_blobs (key, class, expired_at)
  select key, 'snapshots', $5::timestamptz from gone where key is not null
  on conflict (key) do nothing
),
lowered_days as materialized (
  select lower_event_days(array_agg(device_id), array_agg(type), array_agg(occurred_at)) from gone
)
select
  (select count(*) from gone) as rows,
  (select coalesce(sum(bytes), 0)::bigint from (select bytes from gone union all table changes) as each) as bytes
from lowered_days
