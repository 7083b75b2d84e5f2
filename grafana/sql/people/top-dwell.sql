select
  opened_at as began,
  coalesce(nullif(devices.name, ''), visits.device_id) as camera,
  person_id as person,
  dwell_ms,
  case when ended_at is null then 'there' else 'gone' end as state,
  visits.device_id as device
from visits
left join devices on devices.id = visits.device_id
where $__timeFilter(opened_at) and visits.device_id = any(array[$device]::text[])
order by dwell_ms desc, opened_at desc, visits.id
limit 20
