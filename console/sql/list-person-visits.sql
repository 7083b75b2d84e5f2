-- Of one person, before one device ($7) or any of an owner's ($8), where that is asked for.
select
  id as visit_id, device_id, person_id, opened_at, ended_at, last_seen_at, dwell_ms, dwell_min_ms, dwell_max_ms, sightings,
  confidence, lane, source, time_quality, model, config_version, version,
  to_char(opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z_"') || id as cursor
from visits
where person_id = $6
  and ($1::timestamptz is null or opened_at >= $1)
  and ($2::timestamptz is null or opened_at <= $2)
  and ($3::timestamptz is null or (opened_at, id) < ($3, $4::uuid))
  and ($7::text is null or device_id = $7)
  and ($8::uuid is null or device_id = any(array(select id from devices where owner_id = $8)))
order by visits.opened_at desc, visits.id desc
limit $5
