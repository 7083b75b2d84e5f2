-- What was told last of each device in each lane, where that were frames that were passed over. Each is looked up by itself,
-- by its time: so no chunk is looked into but its own.
select
  last.frame_id, last.captured_at, last.device_id, last.epoch, last.seq, last.lane, last.outcome, last.reason, last.frames,
  last.last_seq, last.last_captured_at, last.model, last.config_version
from unnest($1::text[], $2::text[]) as line (device_id, lane)
join last_observations using (device_id, lane)
cross join lateral (
  select * from observations
  where frame_id = last_observations.frame_id
    and captured_at = last_observations.captured_at
    and outcome = last_observations.outcome
  limit 1
) as last
where last_observations.outcome = 'skipped'
