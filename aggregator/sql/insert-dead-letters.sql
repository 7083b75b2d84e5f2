-- A letter that is there already opens again if its frame or its record has failed once more: it tells of another place
-- then, where what was redriven lay. What it first was stays, save the bytes of a record, which may have been mended.
insert into dead_letters (
  id, device_id, topic, partition, "offset", original_key, original_value, code, message, attempts, frame_id,
  captured_at, recorded_at, created_at, failed_partition, failed_offset
)
select
  id, device_id, topic, partition, "offset", original_key, original_value, code, message, attempts, frame_id,
  captured_at, recorded_at, $14::timestamptz, partition, "offset"
from unnest(
  $1::uuid[], $2::text[], $3::text[], $4::integer[], $5::bigint[], $6::text[], $7::bytea[], $8::text[], $9::text[],
  $10::integer[], $11::uuid[], $12::timestamptz[], $13::timestamptz[]
) as letter (
  id, device_id, topic, partition, "offset", original_key, original_value, code, message, attempts, frame_id,
  captured_at, recorded_at
)
on conflict (id) do update set
  state = 'open',
  code = excluded.code,
  message = excluded.message,
  attempts = dead_letters.attempts + excluded.attempts,
  original_value = case
    when excluded.frame_id is null then excluded.original_value else dead_letters.original_value
  end,
  failed_partition = excluded.failed_partition,
  failed_offset = excluded.failed_offset,
  succeeded_at = null
where dead_letters.topic = excluded.topic
  and (
    dead_letters.failed_partition <> excluded.failed_partition
    or dead_letters.failed_offset < excluded.failed_offset
  )
