select
  id, kind, device_id, person_id, from_at, to_at, requested_at, user_id, username, step, gone, forgotten_at,
  applied_again_at,
  array(select distinct device_id from erasure_list where erasure_id = erasures.id order by device_id) as devices
from erasures
where id = $1
  and (finished_at is null or exists (select from erasure_leftovers where erasure_id = erasures.id))
for no key update
