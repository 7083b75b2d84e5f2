select
  id, device_id, topic, partition, "offset", original_key as key, code, message, attempts, state, frame_id, captured_at,
  recorded_at, created_at, succeeded_at
from dead_letters
where ($1::text is null or device_id = $1)
  and ($2::text is null or code = $2)
  and ($3::text is null or topic = $3)
  and ($4::text is null or state = $4)
  and ($5::timestamptz is null or recorded_at >= $5)
  and ($6::timestamptz is null or recorded_at <= $6)
  and ($7::uuid is null or device_id = any(array(select id from devices where owner_id = $7)))
  and ($8::boolean or device_id is not null)
order by recorded_at desc, id
limit $9 offset $10
