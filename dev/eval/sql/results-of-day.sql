select
  (select count(*) from results.events where device_id = $1) as rows,
  (select count(*) from results.person_summary where device_id = $1) as days,
  (select sum(unique_person_count) from results.person_summary where device_id = $1)::bigint as people,
  (select sum(total_dwell_time) from results.person_summary where device_id = $1) as dwell_s
