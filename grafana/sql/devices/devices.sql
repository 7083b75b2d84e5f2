select
  coalesce(nullif(devices.name, ''), devices.id) as name,
  sites.name as site,
  case
    when revoked_at is not null then 'revoked'
    when activated_at is null then 'not set up'
    when silent_since is not null and heard_again_at is null then 'offline'
    else 'online'
  end as state,
  last_seen_at as last_seen,
  capture_mode as mode,
  case ntp_synced when true then 'set' when false then 'not set' end as clock,
  rssi as signal_dbm,
  free_heap as free_heap_bytes,
  sd_free_bytes as card_free_bytes,
  battery_mv,
  temperature_c,
  uptime_s,
  queue_depth as waiting_frames,
  coalesce(fw_version, firmware_version) as firmware,
  (select max(version) from config_versions where device_id = devices.id) as configuration,
  last_error,
  devices.id as device
from devices
left join sites on sites.id = devices.site_id
left join device_heartbeats on device_heartbeats.device_id = devices.id
where devices.deleted_at is null and devices.id = any(array[$device]::text[])
order by 1, devices.id
