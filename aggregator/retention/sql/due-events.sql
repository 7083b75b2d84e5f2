-- Events that were over before $1, with what they have changed of the occupancy and with their drawn pictures. Both ends of
-- a stay go together, so that the sum of what is left is right. A device's silence stays while it lasts.
select id as id, occurred_at::text as at, snapshot_path as key, null::integer as size_bytes
from events
where occurred_at < $1 and coalesce(ended_at, occurred_at) < $1
  and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
  and not exists (select from devices where devices.id = events.device_id and silent_since = events.occurred_at)
order by occurred_at
limit $4
