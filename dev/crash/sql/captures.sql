-- The compared columns: not the times of receipt, the trace, nor the number of attempts.
select
  device_id, epoch, seq, frame_id, captured_at, time_quality, lane, blob_key, size_bytes,
  encode(sha256, 'hex') as sha256, state, error, width, height, motion
from captures
order by device_id, epoch, seq
