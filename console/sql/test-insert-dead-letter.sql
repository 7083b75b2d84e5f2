insert into dead_letters (
  id, device_id, topic, partition, "offset", original_key, code, message, attempts, recorded_at, created_at, failed_partition,
  failed_offset
)
values ($1, $2, 'frames', 0, 0, $2, 'undecodable', 'a test', 1, $3, $3, 0, 0)
