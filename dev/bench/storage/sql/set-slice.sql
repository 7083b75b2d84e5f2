-- COPY takes no values; its query reads these.
select set_config('bench.from', $1, false), set_config('bench.until', $2, false)
