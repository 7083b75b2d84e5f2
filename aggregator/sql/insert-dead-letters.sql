insert into dead_letters (
  id, device_id, topic, partition, "offset", original_key, original_value, code, message, attempts, frame_id,
  captured_at, recorded_at, created_at
)
select
  id, device_id, topic, partition, "offset", original_key, original_value, code, message, attempts, frame_id,
  captured_at, recorded_at, $14::timestamptz
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::bigint[], $6::text[], $7::bytea[], $8::text[], $9::text[],
  $10::integer[], $11::uuid[], $12::timestamptz[], $13::timestamptz[]
) as letter (
  id, device_id, topic, partition, "offset", original_key, original_value, code, message, attempts, frame_id,
  captured_at, recorded_at
)
on conflict (id) do nothing
