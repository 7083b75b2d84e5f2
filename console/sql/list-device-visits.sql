-- The newest of each device by its index, and of these the newest: so that devices that saw few people are not looked for
-- among all that others saw. Of one device ($6), of one owner's ($7), or of one owner's device.
select
  id as visit_id, device_id, person_id, opened_at, ended_at, last_seen_at, dwell_ms, dwell_min_ms, dwell_max_ms, sightings,
  confidence, lane, source, time_quality, model, config_version, version,
  to_char(opened_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z_"') || id as cursor
from (
  select $6::text as seen_by where $7::uuid is null
  union all
  select id from devices where owner_id = $7 and ($6 is null or id = $6)
) as fleet
cross join lateral (
  select * from visits
  where device_id = fleet.seen_by
    and opened_at >= coalesce($1::timestamptz, '-infinity')
    and opened_at <= coalesce($2::timestamptz, 'infinity')
    and opened_at <= coalesce($3::timestamptz, 'infinity')
    and (opened_at, id) < (coalesce($3::timestamptz, 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
  order by opened_at desc, id desc
  limit $5
) as visits
order by visits.opened_at desc, visits.id desc
limit $5
