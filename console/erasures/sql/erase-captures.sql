-- The reference before the blob, which is kept in mind until it is gone too.
with going as (
  select frame_id, captured_at
  from captures
  where device_id = any($2::text[])
    and exists (
      select from erasing(device_id, tstzrange(captured_at, captured_at, '[]'), null, true) as taken
      where taken.erasure_id = $1
    )
  limit $3
),
gone as (
  delete from captures
  using going
  where captures.frame_id = going.frame_id
    and captures.captured_at = going.captured_at
    and captures.device_id = any($2::text[])
  returning captures.blob_key
),
kept_in_mind as (
  insert into erasure_leftovers (erasure_id, key)
  select distinct $1::uuid, blob_key from gone where blob_key is not null
)
select 1 as one from gone
