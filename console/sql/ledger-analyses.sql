select
  date_trunc('hour', captured_at, 'UTC') as hour,
  count(*) filter (where state = 'done') as analysed,
  count(*) filter (where state = 'dead') as dead
from captures
where device_id = $1 and captured_at >= $2 and captured_at < $3
group by date_trunc('hour', captured_at, 'UTC')
