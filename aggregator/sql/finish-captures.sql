-- What the analysis came to. The frame's own record may not have come yet: its columns are filled in then.
insert into captures (
  frame_id, captured_at, device_id, epoch, seq, lane, state, attempts, error, width, height, motion
)
select frame_id, captured_at, device_id, epoch, seq, lane, state, attempts, error, width, height, motion
from unnest(
  $1::uuid[], $2::timestamptz[], $3::text[], $4::integer[], $5::bigint[], $6::text[], $7::text[], $8::integer[],
  $9::text[], $10::integer[], $11::integer[], $12::real[]
) as analysis (
  frame_id, captured_at, device_id, epoch, seq, lane, state, attempts, error, width, height, motion
)
on conflict (frame_id, captured_at) do update set
  state = excluded.state,
  -- An observation knows of no attempts before the one that it came of.
  attempts = greatest(captures.attempts, excluded.attempts),
  error = excluded.error,
  width = excluded.width,
  height = excluded.height,
  motion = excluded.motion
-- A frame that comes again long after, beyond the processor's window, is stepped out of its order and shows less: what
-- the first look came to stays.
where captures.state <> 'done' or (excluded.state = 'done' and excluded.motion is not null)
