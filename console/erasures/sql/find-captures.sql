-- Of a device, captures that the erasure takes, in their order.
select frame_id as id, captured_at::text as at
from captures
where device_id = $2
  and exists (
    select from erasing(device_id, tstzrange(captured_at, captured_at, '[]'), null, true) as taken
    where taken.erasure_id = $1
  )
order by captured_at
limit $3
