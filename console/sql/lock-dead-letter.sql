-- Until the transaction ends: of two who would change it, the second finds what the first has made of it. The processor
-- may be quicker than the commit; what it comes to is written after it.
select id, device_id, topic, original_key, original_value, code, attempts, state, frame_id, captured_at,
  succeeded_at is not null as has_succeeded
from dead_letters
where id = $1
  and ($2::uuid is null or device_id = any(array(select id from devices where owner_id = $2)))
  and ($3::boolean or device_id is not null)
for update
