-- $3 and $4 are the first and the last time: so no chunk is looked at but theirs. Where there is a smaller picture the row
-- names it instead, and the whole one is over at $10, when nobody is just reading it any more. What changed meanwhile stays
-- as it is, and the smaller picture is over at once ($11).
with tried as (
  select *
  from unnest($1::uuid[], $2::timestamptz[], $5::text[], $6::text[], $7::text[], $8::bytea[], $9::integer[])
    as tried (id, at, key, outcome, small_key, small_sha256, small_bytes)
),
changed as (
  update captures
  set
    downscaled = tried.outcome,
    blob_key = coalesce(tried.small_key, captures.blob_key),
    size_bytes = coalesce(tried.small_bytes, captures.size_bytes),
    sha256 = coalesce(tried.small_sha256, captures.sha256),
    sent_sha256 = case when tried.small_key is not null then captures.sha256 end
  from tried
  where captures.frame_id = tried.id and captures.captured_at = tried.at and captures.blob_key = tried.key
    and captures.state = 'done' and captures.downscaled is null
    and captures.captured_at between $3::timestamptz and $4::timestamptz
  returning tried.id, tried.key, tried.small_key
),
over as (
  insert into expired_blobs (key, class, expired_at)
  select key, 'downscaled', $10::timestamptz from changed where small_key is not null
  on conflict (key) do nothing
),
named as (
  delete from expired_blobs using changed where expired_blobs.key = changed.small_key
),
unnamed as (
  update expired_blobs
  set expired_at = $11::timestamptz
  from tried
  where expired_blobs.key = tried.small_key
    and not exists (select from changed where changed.small_key = tried.small_key)
)
select id from changed
