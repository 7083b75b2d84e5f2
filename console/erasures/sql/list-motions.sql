-- Motion that stays, and of which the picture may show what goes.
select distinct events.device_id, events.type, events.occurred_at, events.lane
from erasure_list
join events on events.device_id = erasure_list.device_id
where erasure_list.erasure_id = $1
  and erasure_list.reach = 'frames'
  and events.type = 'motion'
  and event_span(events.type, events.occurred_at, events.ended_at, null) && erasure_list.during
