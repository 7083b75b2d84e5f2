-- One version of a device's configuration, the newest if none is named. Of version 0, the built-in one, there is no row.
select
  coalesce(config.version, 0) as version,
  config.settings,
  config.created_at,
  users.username as created_by,
  config.published_at
from devices
left join lateral (
  select * from config_versions
  where device_id = devices.id and ($3::integer is null or version = $3)
  order by version desc
  limit 1
) as config on true
left join users on users.id = config.created_by
where devices.id = $1 and devices.deleted_at is null and ($2::uuid is null or devices.owner_id = $2)
