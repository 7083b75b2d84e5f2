-- By its number, between the times at which the events of its thousand happened.
select
  number, id, type, device_id, frame_id, frame_seq, snapshot_path, data, version, lane, time_quality, model, config_version,
  trace_id,
  to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as occurred_at,
  to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as ended_at,
  to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as created_at
from events
where number = $1
  and ($2::uuid is null or device_id = any(array(select id from devices where owner_id = $2)))
  and occurred_at >= $3::timestamptz and occurred_at < $4::timestamptz
