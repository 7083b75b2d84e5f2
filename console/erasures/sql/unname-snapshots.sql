-- Motion that stays, and of which the picture may show what goes: drawn, to be drawn, or not. It names no picture any more.
with motions as (
  select distinct events.id, events.device_id, events.type, events.occurred_at, events.lane
  from erasure_list
  join events on events.device_id = erasure_list.device_id
  where erasure_list.erasure_id = $1
    and erasure_list.reach = 'frames'
    and events.type = 'motion'
    and event_span(events.type, events.occurred_at, events.ended_at, null) && erasure_list.during
),
unnamed as (
  update events set snapshot_path = null
  from motions
  where events.id = motions.id
    and events.occurred_at = motions.occurred_at
    and events.device_id = any($2::text[])
    and events.snapshot_path is not null
)
select device_id, type, occurred_at, lane from motions
