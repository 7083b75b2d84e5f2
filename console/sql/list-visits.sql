select
  id as visit_id, device_id, person_id, opened_at, ended_at, last_seen_at, dwell_ms, dwell_min_ms, dwell_max_ms, sightings,
  confidence, lane, source, time_quality, model, config_version, version,
  to_char(opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z_"') || id as cursor
from visits
where ($1::timestamptz is null or opened_at >= $1)
  and ($2::timestamptz is null or opened_at <= $2)
  and ($3::timestamptz is null or (opened_at, id) < ($3, $4::uuid))
order by visits.opened_at desc, visits.id desc
limit $5
