update erasures
set step = $1, forgotten_at = null, applied_again_at = $2, finished_at = null, error = null
