-- As list-device-events.sql, the oldest first.
select
  number, id, type, device_id, frame_id, frame_seq, snapshot_path, data, version, lane, time_quality, trace_id,
  to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as occurred_at,
  to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as ended_at,
  to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as created_at
from unnest($9::text[]) as meant (device)
cross join lateral (
  select * from events
  where device_id = meant.device
    and ($1::text[] is null or type = any($1))
    and ($2::timestamptz is null or occurred_at >= $2)
    and ($3::timestamptz is null or occurred_at <= $3)
    and ($4::timestamptz is null or (occurred_at >= $4 and (occurred_at > $4 or number > $5::bigint)))
    and ($6::jsonb is null or event_matches(data, model, $6))
  order by occurred_at asc, number asc
  limit $7::bigint + $8::bigint
) as events
order by events.occurred_at asc, events.number asc
limit $7 offset $8
