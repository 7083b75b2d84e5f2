-- Events that were over before $1, with what they have changed of the occupancy and with their drawn pictures. Both ends of
-- a stay go together, so that the sum of what is left is right. A device's silence stays while it lasts.
with due as (
  select id, occurred_at, snapshot_path
  from events
  where occurred_at < $1 and coalesce(ended_at, occurred_at) < $1
    and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
    and not exists (select from devices where devices.id = events.device_id and silent_since = events.occurred_at)
  order by occurred_at
  limit $4
),
gone as (
  delete from events
  using due
  where events.id = due.id and events.occurred_at = due.occurred_at
  returning pg_column_size(events.*) as bytes
),
changes as (
  delete from occupancy_changes
  using due
  where event_id = due.id
  returning pg_column_size(occupancy_changes.*) as bytes
),
queued as (
  insert into expired_blobs (key, class, expired_at)
  select snapshot_path, 'snapshots', $5::timestamptz from due where snapshot_path is not null
  on conflict (key) do nothing
)
select
  (select count(*) from gone) as rows,
  (select coalesce(sum(bytes), 0)::bigint from (table gone union all table changes) as each) as bytes
