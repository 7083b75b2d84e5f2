-- Its id stays, with its owner, and how far it has numbered its frames: all else that is known of it goes.
update devices
set
  erased_at = coalesce(erased_at, $2),
  deleted_at = coalesce(deleted_at, $2),
  site_id = null,
  name = null,
  metadata = '{}',
  token_digest = null,
  former_token_digest = null,
  former_token_until = null,
  activated_at = null,
  revoked_at = null,
  last_seen_at = null,
  newest_captured_at = null,
  firmware_version = null,
  heartbeat_interval_s = null,
  silent_after = null,
  silent_since = null,
  silence_told = false,
  heard_again_at = null,
  last_config_fetch_at = null,
  capture_mode = null,
  burst_until = null,
  retention = '{}'
where id = $1
