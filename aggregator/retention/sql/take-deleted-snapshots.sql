-- Pictures that outlive their events, which somebody has deleted, go when those of their time go.
with due as (
  select id, snapshot_path as key
  from deleted_events
  where snapshot_path is not null
    and lower(during) < $1 and coalesce(upper(during), lower(during)) < $1
    and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
  order by lower(during)
  limit $4
  for update
),
gone as (
  update deleted_events set snapshot_path = null from due where deleted_events.id = due.id returning due.key
),
queued as (
  insert into expired_blobs (key, class, expired_at)
  select distinct key, 'snapshots', $5::timestamptz from gone
  on conflict (key) do nothing
)
select count(*) as rows, 0::bigint as bytes from gone
