select * from results.person_summary where date = $1 order by device_id
