-- Of a device, observations that the erasure takes, in their order. A run that reaches into the time goes as a whole: it
-- tells only that nobody looked.
select frame_id as id, captured_at::text as at, outcome
from observations
where device_id = $2
  and exists (
    select from erasing(
      device_id, tstzrange(captured_at, greatest(captured_at, last_captured_at), '[]'), null, true
    ) as taken
    where taken.erasure_id = $1
  )
order by captured_at
limit $3
