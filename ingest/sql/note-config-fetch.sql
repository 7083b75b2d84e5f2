update devices
set last_config_fetch_at = $2, last_seen_at = greatest(last_seen_at, $2), capture_mode = $3
where id = $1
