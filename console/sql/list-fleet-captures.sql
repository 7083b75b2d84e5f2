-- The newest of each device by its index, and of these the newest: so that a fleet that has sent little is not looked for
-- among all that others have.
select
  frame_id, device_id, epoch, seq, time_quality, lane, blob_key, size_bytes, encode(sha256, 'hex') as sha256, state,
  attempts, error, width, height, motion, trace_id,
  to_char(captured_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as captured_at,
  to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as received_at
from (select id as owned from devices where owner_id = $7 and ($1::text is null or id = $1)) as fleet
cross join lateral (
  select * from captures
  where device_id = fleet.owned
    and ($2::text is null or state = $2)
    and ($3::timestamptz is null or captured_at >= $3)
    and ($4::timestamptz is null or captured_at <= $4)
  order by captured_at desc, seq desc, frame_id
  limit $5::bigint + $6::bigint
) as captures
order by captures.captured_at desc, captures.seq desc, captures.frame_id
limit $5 offset $6
