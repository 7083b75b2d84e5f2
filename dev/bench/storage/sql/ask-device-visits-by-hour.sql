select hour, visits, closed, dwell_ms from visits_hourly
where device_id = $1 and hour >= $2 and hour < $3
order by hour
