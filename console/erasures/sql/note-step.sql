update erasures
set step = $2, gone = $3, forgotten_at = coalesce(forgotten_at, $4), finished_at = $5, error = null
where id = $1
