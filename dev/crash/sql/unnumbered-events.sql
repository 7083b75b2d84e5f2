-- Events that nobody would find by their number.
select events.device_id, events.occurred_at, events.type, events.id
from events
left join event_numbers as noted
  on noted.thousand = events.number / 1000 and noted.week = event_week(events.occurred_at)
where noted.week is null
order by events.device_id, events.occurred_at, events.type, events.id
