select started_at, downscaled from retention_runs order by finished_at desc limit 1
