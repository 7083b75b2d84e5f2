-- It names no picture any more. $4 and $5 are the first and the last time: so nothing is unpacked but what lies between
-- them.
update events set snapshot_path = null
from unnest($2::uuid[], $3::timestamptz[]) as due (id, at)
where events.id = due.id and events.occurred_at = due.at
  and events.device_id = $1 and events.occurred_at between $4::timestamptz and $5::timestamptz
