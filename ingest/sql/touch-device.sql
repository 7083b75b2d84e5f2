-- Locks the device until commit, so that its heartbeats are kept one at a time.
update devices
set
  last_seen_at = greatest(last_seen_at, $2::timestamptz),
  firmware_version = coalesce($3, firmware_version)
where id = $1 and deleted_at is null
returning coalesce(heartbeat_interval_s, $4::integer) as heartbeat_interval_s
