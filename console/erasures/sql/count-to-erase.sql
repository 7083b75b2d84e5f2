-- How much there is of what an erasure takes, by what it is; of a picture there is one for each capture that has one.
with listed as (
  select array_agg(distinct device_id) as devices from erasure_list where erasure_id = $1
)
select
  (
    select count(*) from events, listed
    where device_id = any(devices) and exists (
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
  ) as events,
  (
    select count(*) from visits, listed
    where device_id = any(devices) and exists (
      select from erasing(
        device_id, event_span('visit', opened_at, ended_at, null), person_id, false
      ) as taken
      where taken.erasure_id = $1
    )
  ) as visits,
  (
    select count(*) from observations, listed
    where device_id = any(devices) and exists (
      select from erasing(
        device_id, tstzrange(captured_at, greatest(captured_at, last_captured_at), '[]'), null, true
      ) as taken
      where taken.erasure_id = $1
    )
  ) as observations,
  captures.rows as captures,
  captures.pictures,
  (
    select count(*) from dead_letters, listed
    where coalesce(device_id, original_key) = any(devices) and exists (
      select from erasing(
        coalesce(device_id, original_key),
        tstzrange(coalesce(captured_at, recorded_at), coalesce(captured_at, recorded_at), '[]'),
        null,
        true
      ) as taken
      where taken.erasure_id = $1
    )
  ) as dead_letters
from (
  select count(*) as rows, count(blob_key) as pictures from captures, listed
  where device_id = any(devices) and exists (
    select from erasing(device_id, tstzrange(captured_at, captured_at, '[]'), null, true) as taken
    where taken.erasure_id = $1
  )
) as captures
