with going as (
  select id, opened_at
  from visits
  where device_id = any($2::text[])
    and exists (
      select from erasing(device_id, event_span('visit', opened_at, ended_at, null), person_id, false) as taken
      where taken.erasure_id = $1
    )
  limit $3
)
delete from visits
using going
where visits.id = going.id and visits.opened_at = going.opened_at and visits.device_id = any($2::text[])
returning 1 as one
