-- The newest version counts as soon as it is a row: the device need not wait for its records in the log.
select
  devices.burst_until,
  devices.last_config_fetch_at,
  devices.capture_mode,
  coalesce(config.version, 0) as version,
  config.device
from devices
left join lateral (
  select version, settings -> 'device' as device from config_versions
  where device_id = devices.id
  order by version desc
  limit 1
) as config on true
where devices.id = $1 and devices.deleted_at is null
