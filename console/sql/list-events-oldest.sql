-- As list-events.sql, the oldest first.
with page as materialized (
  select device_id, occurred_at, number
  from events
  where ($1::text[] is null or type = any($1))
    and ($2::timestamptz is null or occurred_at >= $2)
    and ($3::timestamptz is null or occurred_at <= $3)
    -- Behind the last of the page before: a bound on the time by itself, by which chunks are passed over.
    and ($4::timestamptz is null or (occurred_at >= $4 and (occurred_at > $4 or number > $5::bigint)))
    and ($6::jsonb is null or event_matches(data, model, $6))
  order by occurred_at asc, number asc
  limit $7 offset $8
)
select
  event.number, id, type, event.device_id, frame_id, frame_seq, snapshot_path, data, version, lane, time_quality, trace_id,
  to_char(event.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as occurred_at,
  to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as ended_at,
  to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as created_at
from page
cross join lateral (
  select * from events
  where device_id = page.device_id and occurred_at = page.occurred_at and number = page.number
  -- There is but one; said so, it is looked up, and never joined with all there are.
  limit 1
) as event
order by page.occurred_at asc, page.number asc
