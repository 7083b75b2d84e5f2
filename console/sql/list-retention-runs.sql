select started_at, finished_at, settings, classes, blobs_left, blobs_error, downscaled
from retention_runs
order by finished_at desc
limit $1
