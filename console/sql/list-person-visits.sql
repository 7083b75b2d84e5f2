-- Of one person, before one device ($7) or any of an owner's ($8), where that is asked for.
select
  id as visit_id, device_id, person_id, opened_at, ended_at, last_seen_at, dwell_ms, dwell_min_ms, dwell_max_ms, sightings,
  confidence, lane, source, time_quality, model, config_version, version,
  to_char(opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z_"') || id as cursor
from visits
where person_id = $6
  and opened_at >= coalesce($1::timestamptz, '-infinity')
  and opened_at <= coalesce($2::timestamptz, 'infinity')
  and opened_at <= coalesce($3::timestamptz, 'infinity')
  and (opened_at, id) < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  and ($7::text is null or device_id = $7)
  and ($8::uuid is null or device_id = any(array(select id from devices where owner_id = $8)))
order by visits.opened_at desc, visits.id desc
limit $5
