-- What is known of frames older than $1, and their pictures with it; kept as expire-frames.sql keeps them.
with due as (
  select frame_id, captured_at, blob_key, size_bytes
  from captures
  where captured_at < $1::timestamptz + interval '5 minutes'
    and coalesce(received_at, captured_at) < $1
    and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
    and (state in ('done', 'dead') or coalesce(received_at, captured_at) < $5::timestamptz)
    and not exists (select from dead_letters as letter where letter.frame_id = captures.frame_id and succeeded_at is null)
    and (
      coalesce(received_at, captured_at) < $6::timestamptz
      or not exists (
        select from events as motion
        where motion.device_id = captures.device_id
          and motion.type = 'motion'
          and motion.lane = captures.lane
          and motion.snapshot_path is null
          and motion.occurred_at between captures.captured_at - interval '1 day' and captures.captured_at
          and (motion.ended_at is null or motion.ended_at >= captures.captured_at)
      )
    )
  order by captured_at
  limit $4
  for update of captures skip locked
),
gone as (
  delete from captures
  using due
  where captures.frame_id = due.frame_id and captures.captured_at = due.captured_at
  returning pg_column_size(captures.*) as bytes
),
queued as (
  insert into expired_blobs (key, class, size_bytes, expired_at)
  select blob_key, 'frames', size_bytes, $7::timestamptz from due where blob_key is not null
  on conflict (key) do nothing
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
