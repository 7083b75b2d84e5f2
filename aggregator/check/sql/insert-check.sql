insert into checks (started_at, finished_at, looked_at, findings) values ($1, $2, $3, $4)
