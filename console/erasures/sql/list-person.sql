-- What is told of them, whenever; and of each device the frames from a while before they were first seen until a while after
-- they were last seen, since a detector finds them late and loses them early. Who may still be there is, until now.
with told as (
  select visits.device_id, visits.opened_at as first_at, coalesce(visits.ended_at, $4::timestamptz) as last_at
  from visits
  where visits.device_id = any($2::text[]) and visits.person_id = $3
  union
  select events.device_id, lower(span), coalesce(upper(span), $4::timestamptz)
  from events
  cross join lateral event_span(
    type, occurred_at, ended_at,
    case when jsonb_typeof(data -> 'stay_ms') = 'number' then (data ->> 'stay_ms')::numeric end
  ) as span
  where events.device_id = any($2::text[]) and events.data ->> 'person_id' = $3
),
spans as (
  select
    device_id,
    unnest(range_agg(tstzrange(
      first_at - $5::integer * interval '1 ms', greatest(first_at, last_at) + $5::integer * interval '1 ms', '[]'
    ))) as during
  from told
  group by device_id
)
insert into erasure_list (erasure_id, device_id, reach, person_id, during)
select $1::uuid, device_id, 'person', $3, tstzrange(null, null)
from unnest($2::text[]) as device_id
union all
select $1::uuid, device_id, 'frames', null, during from spans
