select zone_id, hour, crowds, people from crowds_hourly
where device_id = $1 and hour >= $2 and hour < $3
order by hour, zone_id
