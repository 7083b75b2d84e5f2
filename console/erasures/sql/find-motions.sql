-- Of a device, motion that stays, and of which the picture may show what goes: drawn, to be drawn, or not; in its order.
select id, occurred_at::text as at, device_id, type, occurred_at, lane, snapshot_path is not null as is_drawn
from events
where device_id = $2
  and type = 'motion'
  and exists (
    select from erasure_list
    where erasure_list.erasure_id = $1
      and erasure_list.device_id = events.device_id
      and erasure_list.reach = 'frames'
      and erasure_list.during && event_span(events.type, events.occurred_at, events.ended_at, null)
  )
order by events.occurred_at
