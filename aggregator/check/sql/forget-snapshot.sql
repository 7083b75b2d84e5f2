update events set snapshot_path = null where id = $1 and occurred_at = $2 and snapshot_path = $3
returning 1 as forgotten
