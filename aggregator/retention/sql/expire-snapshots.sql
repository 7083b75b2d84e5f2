-- Drawn pictures of events that were over before $1: the reference goes here, the blob after the commit.
with due as (
  select id, occurred_at, snapshot_path
  from events
  where snapshot_path is not null
    and occurred_at < $1 and coalesce(ended_at, occurred_at) < $1
    and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
  order by occurred_at
  limit $4
),
gone as (
  update events set snapshot_path = null
  from due
  where events.id = due.id and events.occurred_at = due.occurred_at
  returning 1
),
queued as (
  insert into expired_blobs (key, class, expired_at)
  select snapshot_path, 'snapshots', $5::timestamptz from due
  on conflict (key) do nothing
)
select count(*) as rows, 0::bigint as bytes from gone
