insert into events (
  id, occurred_at, type, device_id, version, frame_seq, lane, time_quality, config_version, data, created_at
)
values ($1, $2, $3, $4, 1, 7, 'live', 'device', 0, $5, $2)
