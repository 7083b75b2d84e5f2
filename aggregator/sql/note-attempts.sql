-- How an analysis stands that is not over. The frame's own record may not have come yet, and what the analysis came to may
-- have come before: that stays, but for how often it was tried.
insert into captures (frame_id, captured_at, device_id, epoch, seq, lane, state, attempts, error)
select frame_id, captured_at, device_id, epoch, seq, lane, state, attempts, error
from unnest(
  $1::uuid[], $2::timestamptz[], $3::text[], $4::integer[], $5::bigint[], $6::text[], $7::text[], $8::integer[], $9::text[]
) as attempt (frame_id, captured_at, device_id, epoch, seq, lane, state, attempts, error)
on conflict (frame_id, captured_at) do update set
  state = case when captures.state in ('done', 'dead') then captures.state else excluded.state end,
  attempts = greatest(captures.attempts, excluded.attempts),
  error = case when captures.state in ('done', 'dead') then captures.error else excluded.error end
