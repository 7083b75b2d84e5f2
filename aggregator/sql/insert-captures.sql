-- What the frame's record says. The observation may have come first: its columns stay as they are.
insert into captures (
  frame_id, captured_at, device_id, epoch, seq, time_quality, lane, received_at, blob_key, size_bytes, sha256,
  state, trace_id
)
select
  frame_id, captured_at, device_id, epoch, seq, time_quality, lane, received_at, blob_key, size_bytes, sha256,
  'queued', trace_id
from unnest(
  $1::uuid[], $2::timestamptz[], $3::text[], $4::integer[], $5::bigint[], $6::text[], $7::text[], $8::timestamptz[],
  $9::text[], $10::integer[], $11::bytea[], $12::text[]
) as frame (
  frame_id, captured_at, device_id, epoch, seq, time_quality, lane, received_at, blob_key, size_bytes, sha256, trace_id
)
on conflict (frame_id, captured_at) do update set
  time_quality = excluded.time_quality,
  received_at = excluded.received_at,
  blob_key = excluded.blob_key,
  size_bytes = excluded.size_bytes,
  sha256 = excluded.sha256,
  trace_id = excluded.trace_id
-- Should the record come again long after, it names the picture that was there before the smaller one.
where captures.downscaled is distinct from 'smaller'
