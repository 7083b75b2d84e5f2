-- What was told last of each device in each lane, where that were frames that were passed over.
select
  last.frame_id, last.captured_at, last.device_id, last.epoch, last.seq, last.lane, last.outcome, last.reason, last.frames,
  last.last_seq, last.last_captured_at, last.model, last.config_version
from unnest($1::text[], $2::text[]) as line (device_id, lane)
cross join lateral (
  select * from observations
  where device_id = line.device_id and lane = line.lane
  order by number desc
  limit 1
) as last
where last.outcome = 'skipped'
