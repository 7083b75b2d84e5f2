-- What was seen before $1; a run of frames counts from its last.
with due as (
  select frame_id, captured_at
  from observations
  where captured_at < $1 and last_captured_at < $1
    and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
  limit $4
),
gone as (
  delete from observations
  using due
  where observations.frame_id = due.frame_id and observations.captured_at = due.captured_at
  returning pg_column_size(observations.*) as bytes
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
