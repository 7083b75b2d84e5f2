select * from results.events where device_id = $1 and start_ts >= $2 and start_ts < $3 order by start_ts
