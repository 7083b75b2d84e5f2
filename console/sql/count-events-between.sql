-- Of these devices ($1; null for all) and types ($2), by device and type, with the first and the last.
select
  device_id, type, count(*) as events,
  to_char(min(occurred_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as first_at,
  to_char(max(occurred_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as last_at
from events
where ($1::text[] is null or device_id = any($1)) and ($2::text[] is null or type = any($2))
  and occurred_at >= $3::timestamptz and occurred_at < $4::timestamptz
group by device_id, type
order by device_id, type
