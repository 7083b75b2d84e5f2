insert into device_heartbeats as kept (
  device_id, received_at, boot_id, uptime_s, ntp_synced, rssi, free_heap, sd_free_bytes, battery_mv, temperature_c,
  fw_version, last_error, extra_json, queue_depth, queue_depth_at, queue_epoch
)
values (
  $1, $2::timestamptz, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::bigint,
  case when $14::bigint is not null then $2::timestamptz end, case when $14::bigint is not null then $15::integer end
)
on conflict (device_id) do update
set
  received_at = excluded.received_at,
  boot_id = excluded.boot_id,
  uptime_s = excluded.uptime_s,
  ntp_synced = excluded.ntp_synced,
  rssi = excluded.rssi,
  free_heap = excluded.free_heap,
  sd_free_bytes = excluded.sd_free_bytes,
  battery_mv = excluded.battery_mv,
  temperature_c = excluded.temperature_c,
  fw_version = excluded.fw_version,
  last_error = excluded.last_error,
  extra_json = excluded.extra_json,
  queue_depth = coalesce(excluded.queue_depth, kept.queue_depth),
  queue_depth_at = coalesce(excluded.queue_depth_at, kept.queue_depth_at),
  queue_epoch = coalesce(excluded.queue_epoch, kept.queue_epoch)
where excluded.received_at >= kept.received_at
