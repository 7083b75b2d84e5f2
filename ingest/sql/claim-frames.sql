-- One row per frame, in their order. The caller sorts them by device, so that two processes lock in one order.
select claim.*
from unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::bytea[], $6::timestamptz[], $7::text[])
  with ordinality as frame (device_id, epoch, seq, stated_ms, digest, captured_at, time_quality, place)
cross join lateral claim_frame(
  frame.device_id, frame.epoch, frame.seq, frame.stated_ms, frame.digest, frame.captured_at, frame.time_quality,
  $8::timestamptz, $9::integer * interval '1 ms', $10::integer * interval '1 ms', $11::boolean
) as claim
order by frame.place
