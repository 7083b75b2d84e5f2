-- $3 and $4 are the first and the last time: so no chunk is looked at but theirs.
with gone as (
  delete from captures
  using unnest($1::uuid[], $2::timestamptz[]) as due (id, at)
  where captures.frame_id = due.id and captures.captured_at = due.at
    and captures.captured_at between $3::timestamptz and $4::timestamptz
  returning captures.blob_key as key, captures.size_bytes, pg_column_size(captures.*) as bytes
),
queued as (
  insert into expired_blobs (key, class, size_bytes, expired_at)
  select key, 'frames', size_bytes, $5::timestamptz from gone where key is not null
  on conflict (key) do nothing
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
