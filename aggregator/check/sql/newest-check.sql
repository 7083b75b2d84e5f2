select finished_at from checks order by finished_at desc limit 1
