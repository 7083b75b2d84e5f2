-- Of a device, events that the erasure takes, in their order: each batch lies in as few chunks as can be.
select id, occurred_at::text as at
from events
where device_id = $2
  and exists (
    select from erasing(
      device_id,
      event_span(
        type, occurred_at, ended_at,
        case when jsonb_typeof(data -> 'stay_ms') = 'number' then (data ->> 'stay_ms')::numeric end
      ),
      data ->> 'person_id',
      false
    ) as taken
    where taken.erasure_id = $1
  )
order by occurred_at
limit $3
