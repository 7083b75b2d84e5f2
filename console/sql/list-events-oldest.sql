-- As list-events.sql, the oldest first, and before $9.
select device_id, occurred_at::text as at, number
from events
where ($1::text[] is null or type = any($1))
  and ($2::timestamptz is null or occurred_at >= $2)
  and ($3::timestamptz is null or occurred_at <= $3)
  -- Behind the last of the page before.
  and ($4::timestamptz is null or (occurred_at >= $4 and (occurred_at > $4 or number > $5::bigint)))
  and ($6::jsonb is null or event_matches(data, model, $6))
  and ($9::timestamptz is null or occurred_at < $9)
order by occurred_at asc, number asc
limit $7 offset $8
