-- A newer version of a visit replaces its elder; an elder that comes again changes nothing.
insert into visits (
  id, opened_at, device_id, person_id, lane, source, state, last_seen_at, ended_at, dwell_ms, dwell_min_ms, dwell_max_ms,
  sightings, confidence, time_quality, model, config_version, version, created_at
)
select
  id, opened_at, device_id, person_id, lane, 'camera', state, last_seen_at, ended_at, dwell_ms, dwell_min_ms,
  dwell_max_ms, sightings, confidence, time_quality, model, config_version, version, $18::timestamptz
from unnest(
  $1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[],
  $9::bigint[], $10::bigint[], $11::bigint[], $12::integer[], $13::real[], $14::text[], $15::text[], $16::integer[],
  $17::integer[]
) as visit (
  id, opened_at, device_id, person_id, lane, state, last_seen_at, ended_at, dwell_ms, dwell_min_ms, dwell_max_ms,
  sightings, confidence, time_quality, model, config_version, version
)
on conflict (id, opened_at) do update set
  state = excluded.state,
  last_seen_at = excluded.last_seen_at,
  ended_at = excluded.ended_at,
  dwell_ms = excluded.dwell_ms,
  dwell_min_ms = excluded.dwell_min_ms,
  dwell_max_ms = excluded.dwell_max_ms,
  sightings = excluded.sightings,
  confidence = excluded.confidence,
  time_quality = excluded.time_quality,
  model = excluded.model,
  config_version = excluded.config_version,
  version = excluded.version
where visits.version < excluded.version
