select type, device_id, occurred_at, lane, snapshot_path from events
where number = $1 and ($2::uuid is null or device_id = any(array(select id from devices where owner_id = $2)))
