insert into retention_runs (started_at, finished_at, settings, classes, blobs_left, blobs_error, downscaled)
values ($1, $2, $3, $4, $5, $6, $7)
