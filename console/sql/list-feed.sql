-- The row at $1 too, if there is still one: without it there may be a gap behind it.
select position, mark, device_id, occurred_at, occurred_at::text as exactly, number, version
from event_feed
where position >= $1
order by position
limit $2
