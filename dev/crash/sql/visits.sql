-- The compared columns: not the time of writing, nor how often it was told, as with events.
select
  device_id, opened_at, id, person_id, lane, source, state, last_seen_at, ended_at, dwell_ms, dwell_min_ms, dwell_max_ms,
  sightings, confidence, time_quality, model, config_version
from visits
order by device_id, opened_at, id
