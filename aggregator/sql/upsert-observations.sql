-- Numbered in the order in which they were told first. A run that is there grows; of a frame that was looked at twice the
-- second look counts.
insert into observations (
  frame_id, captured_at, device_id, epoch, seq, lane, outcome, reason, frames, last_seq, last_captured_at, motion,
  motion_boxes, objects, model, config_version
)
select
  frame_id, captured_at, device_id, epoch, seq, lane, outcome, reason, frames, last_seq, last_captured_at, motion,
  motion_boxes, objects, model, config_version
from unnest(
  $1::uuid[], $2::timestamptz[], $3::text[], $4::integer[], $5::bigint[], $6::text[], $7::text[], $8::text[],
  $9::integer[], $10::bigint[], $11::timestamptz[], $12::real[], $13::jsonb[], $14::jsonb[], $15::text[], $16::integer[]
) with ordinality as observation (
  frame_id, captured_at, device_id, epoch, seq, lane, outcome, reason, frames, last_seq, last_captured_at, motion,
  motion_boxes, objects, model, config_version, place
)
order by place
on conflict (frame_id, captured_at, outcome) do update set
  reason = excluded.reason,
  frames = excluded.frames,
  last_seq = excluded.last_seq,
  last_captured_at = excluded.last_captured_at,
  motion = excluded.motion,
  motion_boxes = excluded.motion_boxes,
  objects = excluded.objects,
  model = excluded.model,
  config_version = excluded.config_version
