-- Of everybody or of one owner; one of them, those at a site, or all. A pairing that can still be used is one that waits.
select
  devices.id, devices.name, devices.site_id, owners.username as owner, devices.created_at, devices.activated_at,
  devices.revoked_at, devices.last_seen_at, devices.last_config_fetch_at, devices.capture_mode, devices.epoch,
  devices.firmware_version, devices.requires_signature, devices.metadata, devices.retention,
  pairings.expires_at as pairing_expires_at
from devices
left join users as owners on owners.id = devices.owner_id
left join pairings on pairings.device_id = devices.id and pairings.expires_at > $4 and pairings.tries < $5
where devices.deleted_at is null
  and ($1::uuid is null or devices.owner_id = $1)
  and ($2::text is null or devices.id = $2)
  and ($3::uuid is null or devices.site_id = $3)
order by devices.id
limit $6 offset $7
