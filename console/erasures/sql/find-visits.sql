-- Of a device, visits that the erasure takes, in their order.
select id, opened_at::text as at
from visits
where device_id = $2
  and exists (
    select from erasing(device_id, event_span('visit', opened_at, ended_at, null), person_id, false) as taken
    where taken.erasure_id = $1
  )
order by opened_at
limit $3
