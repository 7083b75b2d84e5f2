-- Of a device, events that stay, and of which the picture may show what goes: drawn, to be drawn, or not; in their order. The
-- picture of who is somewhere may be of a frame a little before or after that: a way over a line is told once it is sure.
select
  id, occurred_at::text as at, device_id, type, occurred_at, lane, snapshot_ordinal, snapshot_path is not null as is_drawn
from events
where device_id = $2
  and (type = 'motion' or snapshot_ordinal is not null)
  and exists (
    select from erasure_list
    cross join lateral event_span(events.type, events.occurred_at, events.ended_at, null) as span
    where erasure_list.erasure_id = $1
      and erasure_list.device_id = events.device_id
      and erasure_list.reach in ('frames', 'everything')
      and erasure_list.during && case
        when events.type in ('zone_entered', 'zone_left', 'line_crossed', 'loitering')
          then tstzrange(lower(span) - interval '3 minutes', upper(span) + interval '3 minutes', '[]')
        else span
      end
  )
order by events.occurred_at
