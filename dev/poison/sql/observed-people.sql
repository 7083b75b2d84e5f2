-- Frames in which something was found, in all columns but the order of writing. In which others the detector looked follows
-- from when it looked last.
select
  frame_id as key, captured_at, device_id, epoch, seq, lane, outcome, reason, frames, last_seq, last_captured_at, motion,
  motion_boxes, objects, model, config_version
from observations
where frame_id > $1::uuid and objects <> '[]'
order by frame_id
limit $2
