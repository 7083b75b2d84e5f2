call run_job($1)
