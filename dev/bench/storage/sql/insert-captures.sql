-- A frame each half minute of each camera, for two days before $2, in the order in which they come; all but the newest
-- have been looked at.
insert into captures (
  frame_id, captured_at, device_id, epoch, seq, time_quality, lane, received_at, blob_key, size_bytes, sha256, state,
  attempts, width, height, motion, trace_id
)
select
  md5(id || n)::uuid, at, id, 1, 5760 - n, 'ntp', 'live', at + interval '50 ms',
  'images/' || id || '/' || (5760 - n) || '.jpg', 40000 + n % 9000, sha256(convert_to(id || n, 'UTF8')),
  case when n < 3 then 'queued' when n % 1000 = 999 then 'dead' else 'done' end,
  1, 640, 480, (n % 97) / 97.0, md5(n || id)
from unnest($1::text[]) as camera (id)
cross join generate_series(0, 5759) as n
cross join lateral (select $2::timestamptz - n * interval '30 s' as at) as moment
order by at
