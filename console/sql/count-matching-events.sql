-- Those that are searched for ($4), of devices ($5; null for all) and types ($1): one by one, since nothing is counted of it.
select count(*) as total
from events
where ($1::text[] is null or type = any($1))
  and ($2::timestamptz is null or occurred_at >= $2)
  and ($3::timestamptz is null or occurred_at <= $3)
  and event_matches(data, model, $4::jsonb)
  and ($5::text[] is null or device_id = any($5))
