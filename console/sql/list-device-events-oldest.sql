-- As list-device-events.sql, the oldest first, and before $9.
select events.device_id, events.occurred_at::text as at, events.number
from unnest($10::text[]) as meant (device)
cross join lateral (
  select device_id, occurred_at, number from events
  where device_id = meant.device
    and ($1::text[] is null or type = any($1))
    and ($2::timestamptz is null or occurred_at >= $2)
    and ($3::timestamptz is null or occurred_at <= $3)
    and ($4::timestamptz is null or (occurred_at >= $4 and (occurred_at > $4 or number > $5::bigint)))
    and ($6::jsonb is null or event_matches(data, model, $6))
    and ($9::timestamptz is null or occurred_at < $9)
  order by occurred_at asc, number asc
  limit $7::bigint + $8::bigint
) as events
order by events.occurred_at asc, events.number asc
limit $7 offset $8
