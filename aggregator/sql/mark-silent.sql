-- Silence counts from when a device was last heard, or was activated; but from no earlier than somebody listened without
-- a break, and up to when somebody last did. Claims lock devices in the same order; who is locked now is being heard.
with silent as (
  select devices.id, greatest(devices.last_seen_at, devices.activated_at, listening.since) as since
  from devices
  join listening on listening.service = 'ingest'
  where devices.silent_since is null
    and devices.activated_at is not null and devices.revoked_at is null and devices.deleted_at is null
    and greatest(devices.last_seen_at, devices.activated_at, listening.since)
      <= listening.until - 3 * coalesce(devices.heartbeat_interval_s, $1::integer) * interval '1 s'
  order by devices.id collate "C"
  for no key update of devices skip locked
)
update devices
set
  silent_after = devices.last_seen_at,
  -- To the millisecond, in which events and those who mark them as told count.
  silent_since = date_trunc('milliseconds', silent.since),
  silence_told = false,
  heard_again_at = null
from silent
where devices.id = silent.id
