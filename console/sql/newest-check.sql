select started_at, finished_at, looked_at, findings from checks order by finished_at desc limit 1
