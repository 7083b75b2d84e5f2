-- By which frames that were sent before $1 are known, should they be sent again. Of what is missing the ledger knows by
-- its blocks, not by these.
with due as (
  select device_id, epoch, seq
  from frame_claims
  where received_at < $1
    and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
  order by received_at
  limit $4
  for update skip locked
),
gone as (
  delete from frame_claims
  using due
  where frame_claims.device_id = due.device_id and frame_claims.epoch = due.epoch and frame_claims.seq = due.seq
  returning pg_column_size(frame_claims.*) as bytes
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
