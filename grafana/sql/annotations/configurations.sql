select
  config_versions.created_at as time,
  format('%s has configuration %s', coalesce(nullif(devices.name, ''), devices.id), config_versions.version) as text,
  'configuration' as tags
from config_versions
join devices on devices.id = config_versions.device_id
where $__timeFilter(config_versions.created_at) and config_versions.device_id = any(array[$device]::text[])
order by 1
