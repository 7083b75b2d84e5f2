select finished_at from retention_runs order by finished_at desc limit 1
