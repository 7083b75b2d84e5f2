-- The version after the one that was seen. Versions have no gaps, so its place is taken if that one is not the newest
-- any more; of two at once, the second waits for the first one's commit, and finds it taken. An access token outlives
-- its user by a while: then nobody is named. By the interval, it is known when the device is silent.
with added as (
  insert into config_versions (device_id, version, settings, created_at, created_by)
  select devices.id, $3::integer + 1, $4, $5, (select id from users where id = $6)
  from devices
  where devices.id = $1 and devices.deleted_at is null and ($2::uuid is null or devices.owner_id = $2)
  on conflict (device_id, version) do nothing
  returning device_id, version, settings
)
update devices
set heartbeat_interval_s = (added.settings #>> '{device,heartbeat_interval_s}')::integer
from added
where devices.id = added.device_id
returning added.version
