select type, device_id, occurred_at, lane from events where number = $1
