-- Where nothing is asked for, a bound that all are within: so that the index is entered at the page, whichever that is. The
-- page's bound is told of the time alone too, by which chunks are passed over; by the pair of time and id none are.
select
  id as visit_id, device_id, person_id, opened_at, ended_at, last_seen_at, dwell_ms, dwell_min_ms, dwell_max_ms, sightings,
  confidence, lane, source, time_quality, model, config_version, version,
  to_char(opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z_"') || id as cursor
from visits
where opened_at >= coalesce($1::timestamptz, '-infinity')
  and opened_at <= coalesce($2::timestamptz, 'infinity')
  and opened_at <= coalesce($3::timestamptz, 'infinity')
  and (opened_at, id) < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
order by visits.opened_at desc, visits.id desc
limit $5
