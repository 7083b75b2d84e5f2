update events set snapshot_path = $3 where id = $1 and occurred_at = $2
