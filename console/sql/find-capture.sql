select
  frame_id, device_id, epoch, seq, time_quality, lane, blob_key, size_bytes, encode(sha256, 'hex') as sha256, state,
  attempts, error, width, height, motion, trace_id,
  to_char(captured_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as captured_at,
  to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as received_at
from captures
where frame_id = $1 and captures.captured_at = $2
