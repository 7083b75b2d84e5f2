select * from results.person_summary where device_id = $1 and date >= $2 and date < $3 order by date
