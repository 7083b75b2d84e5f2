select epoch, hour, coalesce(counted.received, 0) as received, counted.last_seq, coalesce(repeated.duplicates, 0) as duplicates
from (
  select epoch, hour, received, last_seq from ledger_hours where device_id = $1 and hour >= $2 and hour < $3
) as counted
full join (
  select epoch, hour, duplicates from ledger_duplicates where device_id = $1 and hour >= $2 and hour < $3
) as repeated using (epoch, hour)
order by epoch, hour
