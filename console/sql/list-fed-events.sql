-- Rows of the feed as what is in the table: each in the version that it was fed for, since a newer one comes further on. By
-- their times, between the first and the last, so that no more is looked into than these.
select
  fed.position, fed.mark,
  event.number, event.id, event.type, event.device_id, event.frame_id, event.frame_seq, event.snapshot_path, event.data,
  event.version, event.lane, event.time_quality, event.model, event.config_version, event.trace_id,
  to_char(event.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as occurred_at,
  to_char(event.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as ended_at,
  to_char(event.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as created_at,
  devices.owner_id
from unnest($1::bigint[], $2::integer[], $3::text[], $4::timestamptz[], $5::bigint[], $6::integer[])
  as fed (position, mark, device_id, occurred_at, number, version)
cross join lateral (
  select * from events
  where device_id = fed.device_id and occurred_at = fed.occurred_at and number = fed.number
    and occurred_at between $7::timestamptz and $8::timestamptz
  -- There is but one; said so, it is looked up, and never joined with all there are.
  limit 1
) as event
left join devices on devices.id = event.device_id
where event.version = fed.version
order by fed.position
