-- One row per frame, in their order. The caller sorts them by device, so that two processes lock in one order.
select *
from claim_frames(
  $1, $2, $3, $4, $5, $6, $7, $8, $9::integer * interval '1 ms', $10::integer * interval '1 ms', $11
)
