select zone_id, hour, entered, ended, stay_ms from zones_hourly
where device_id = $1 and hour >= $2 and hour < $3
order by hour, zone_id
