-- The compared columns: not the number, which devices of a partition share.
select
  device_id, lane, captured_at, frame_id, epoch, seq, outcome, reason, frames, last_seq, last_captured_at, motion,
  motion_boxes, objects, model, config_version
from observations
order by device_id, lane, captured_at, frame_id, outcome
