-- Whether another event of that device and time ($1, $2) has the picture ($3).
select exists (select from events where device_id = $1 and occurred_at = $2 and snapshot_path = $3) as named
