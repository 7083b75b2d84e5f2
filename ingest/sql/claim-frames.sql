-- One row per frame, in their order. The caller sorts them by device, so that two processes lock in one order. Of a time
-- that was erased nothing is stored any more, though the frame is claimed.
select
  case
    when outcome = 'claimed' and exists (
      select from erasing(device_id, tstzrange(captured_at, captured_at, '[]'), null, true)
    ) then 'erased'
    else outcome
  end as outcome,
  seq, captured_at, time_quality, lane, received_at
from rows from (
  claim_frames(
    $1, $2, $3, $4, $5, $6, $7, $8, $9::integer * interval '1 ms', $10::integer * interval '1 ms', $11
  ),
  unnest($1)
) as claim (outcome, seq, captured_at, time_quality, lane, received_at, device_id)
