insert into visits (
  id, opened_at, device_id, person_id, lane, source, state, ended_at, dwell_ms, config_version, version, created_at
)
values ($1, $2, $3, $4, 'live', 'camera', 'closed', $5, 1000, 0, 1, $2)
