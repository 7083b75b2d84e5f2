-- That events were deleted is forgotten once nobody would keep them: what is not over may be told of for thirty days longer.
with due as (
  select id
  from deleted_events
  where lower(during) < $1::timestamptz - interval '30 days' and deleted_at < $1::timestamptz - interval '30 days'
    and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
  order by lower(during)
  limit $4
),
gone as (
  delete from deleted_events
  using due
  where deleted_events.id = due.id
  returning deleted_events.snapshot_path as key, pg_column_size(deleted_events.*) as bytes
),
queued as (
  insert into expired_blobs (key, class, expired_at)
  select distinct key, 'snapshots', $5::timestamptz from gone where key is not null
  on conflict (key) do nothing
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
