-- All columns but the time of writing.
select
  id as key, opened_at, device_id, person_id, lane, source, state, last_seen_at, ended_at, dwell_ms, dwell_min_ms,
  dwell_max_ms, sightings, confidence, time_quality, model, config_version, version
from visits
where id > $1::uuid
order by id
limit $2
