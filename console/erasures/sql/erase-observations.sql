-- A run that reaches into the time goes as a whole: it tells only that nobody looked.
with going as (
  select frame_id, captured_at, outcome
  from observations
  where device_id = any($2::text[])
    and exists (
      select from erasing(
        device_id, tstzrange(captured_at, greatest(captured_at, last_captured_at), '[]'), null, true
      ) as taken
      where taken.erasure_id = $1
    )
  limit $3
),
gone as (
  delete from observations
  using going
  where observations.frame_id = going.frame_id
    and observations.captured_at = going.captured_at
    and observations.outcome = going.outcome
    and observations.device_id = any($2::text[])
  returning observations.device_id, observations.lane, observations.frame_id, observations.outcome
),
unnoted as (
  delete from last_observations
  using gone
  where last_observations.device_id = gone.device_id
    and last_observations.lane = gone.lane
    and last_observations.frame_id = gone.frame_id
    and last_observations.outcome = gone.outcome
)
select 1 as one from gone
