select
  number, id, type, device_id, frame_id, frame_seq, snapshot_path, data, version, lane, time_quality, trace_id,
  to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as occurred_at,
  to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as ended_at,
  to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as created_at
from events
where ($1::text is null or device_id = $1)
  and ($2::text is null or type = $2)
  and ($3::timestamptz is null or occurred_at >= $3)
  and ($4::timestamptz is null or occurred_at <= $4)
order by events.occurred_at desc, number desc
limit $5 offset $6
