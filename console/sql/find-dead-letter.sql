select
  id, device_id, topic, partition, "offset", original_key as key, code, message, attempts, state, frame_id, captured_at,
  recorded_at, created_at, succeeded_at,
  original_value
from dead_letters
where id = $1
  and ($2::uuid is null or device_id = any(array(select id from devices where owner_id = $2)))
  and ($3::boolean or device_id is not null)
