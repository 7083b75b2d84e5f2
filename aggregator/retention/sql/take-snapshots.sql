-- $3 and $4 are the first and the last time: so no chunk is looked at but theirs.
with gone as (
  update events set snapshot_path = null
  from unnest($1::uuid[], $2::timestamptz[], $5::text[]) as due (id, at, key)
  where events.id = due.id and events.occurred_at = due.at and events.snapshot_path = due.key
    and events.occurred_at between $3::timestamptz and $4::timestamptz
  returning due.key
),
queued as (
  insert into expired_blobs (key, class, expired_at)
  select key, 'snapshots', $6::timestamptz from gone
  on conflict (key) do nothing
)
select count(*) as rows, 0::bigint as bytes from gone
