-- The reference before the blob, which is kept in mind until it is gone too. $4 and $5 are the first and the last time: so
-- nothing is unpacked but what lies between them.
with gone as (
  delete from captures
  using unnest($2::uuid[], $3::timestamptz[]) as due (id, at)
  where captures.frame_id = due.id and captures.captured_at = due.at
    and captures.device_id = $1 and captures.captured_at between $4::timestamptz and $5::timestamptz
  returning captures.blob_key
),
kept_in_mind as (
  insert into erasure_leftovers (erasure_id, key)
  select distinct $6::uuid, blob_key from gone where blob_key is not null
)
select 1 as one from gone
