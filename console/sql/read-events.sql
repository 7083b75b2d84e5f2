-- Those of a page, in its order; all are between $4 and $5.
select
  events.number, id, type, events.device_id, frame_id, frame_seq, snapshot_path, data, version, lane, time_quality, model, config_version,
  trace_id,
  to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as occurred_at,
  to_char(ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as ended_at,
  to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as created_at
from unnest($1::text[], $2::timestamptz[], $3::bigint[]) with ordinality as page (device_id, at, number, place)
cross join lateral (
  select * from events
  where device_id = page.device_id and occurred_at = page.at and number = page.number
    and occurred_at between $4::timestamptz and $5::timestamptz
  -- There is but one; said so, it is looked up, and never joined with all there are.
  limit 1
) as events
order by place
