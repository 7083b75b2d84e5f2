-- $4 and $5 are the first and the last time: so nothing is unpacked but what lies between them.
with gone as (
  delete from observations
  using unnest($2::uuid[], $3::timestamptz[], $6::text[]) as due (id, at, outcome)
  where observations.frame_id = due.id and observations.captured_at = due.at and observations.outcome = due.outcome
    and observations.device_id = $1 and observations.captured_at between $4::timestamptz and $5::timestamptz
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
