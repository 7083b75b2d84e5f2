-- $3 and $4 are the first and the last time: so no chunk is looked at but theirs.
with gone as (
  update captures set blob_key = null
  from unnest($1::uuid[], $2::timestamptz[], $5::text[], $6::bigint[]) as due (id, at, key, size_bytes)
  where captures.frame_id = due.id and captures.captured_at = due.at and captures.blob_key = due.key
    and captures.captured_at between $3::timestamptz and $4::timestamptz
  returning due.key, due.size_bytes
),
queued as (
  insert into expired_blobs (key, class, size_bytes, expired_at)
  select key, 'frames', size_bytes, $7::timestamptz from gone
  on conflict (key) do nothing
)
select count(*) as rows, 0::bigint as bytes from gone
