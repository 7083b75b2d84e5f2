select
  frame_id, device_id, epoch, seq, time_quality, lane, blob_key, size_bytes, encode(sha256, 'hex') as sha256, state,
  attempts, error, width, height, motion, trace_id,
  to_char(captured_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as captured_at,
  to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as received_at
from captures
where ($1::text is null or device_id = $1)
  and ($2::text is null or state = $2)
  and ($3::timestamptz is null or captured_at >= $3)
  and ($4::timestamptz is null or captured_at <= $4)
order by captures.captured_at desc, seq desc, frame_id
limit $5 offset $6
