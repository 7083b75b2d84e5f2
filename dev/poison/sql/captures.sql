-- All columns.
select
  frame_id as key, captured_at, device_id, epoch, seq, time_quality, lane, received_at, blob_key, size_bytes,
  encode(sha256, 'hex') as sha256, state, attempts, error, width, height, motion, trace_id
from captures
where frame_id > $1::uuid
order by frame_id
limit $2
