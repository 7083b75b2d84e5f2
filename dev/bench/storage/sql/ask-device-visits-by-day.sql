select date, visits, closed, dwell_ms, longest_dwell_ms from visits_daily
where device_id = $1
order by date desc
limit 31
