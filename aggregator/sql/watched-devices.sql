select
  devices.id,
  extract(epoch from $1 - greatest(last_seen_at, activated_at))::double precision as age_s,
  silent_since is not null and heard_again_at is null as offline,
  capture_mode is distinct from 'paused' as capturing,
  told.ntp_synced as clock_synced
from devices
left join device_heartbeats as told on told.device_id = devices.id
where activated_at is not null and revoked_at is null and deleted_at is null
