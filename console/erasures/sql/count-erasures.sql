select count(*) as total
from erasures
where $1::uuid is null
  or exists (
    select from erasure_list
    join devices on devices.id = erasure_list.device_id
    where erasure_id = erasures.id and devices.owner_id = $1
  )
