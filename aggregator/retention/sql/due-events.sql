-- Events that were over before $1, with what they have changed of the occupancy and with their drawn pictures. Both ends of
-- a stay go together, so that the sum of what is left is right. What lasts and is not over may still be told of, and
-- somebody may be there: it stays thirty days longer, a visit for as long as somebody is seen, and a device's silence while
-- it lasts. Only of the few that are as old as that is the visit looked for.
select id as id, occurred_at::text as at, snapshot_path as key, null::integer as size_bytes
from events
where occurred_at < $1 and coalesce(ended_at, occurred_at) < $1
  and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
  and not (
    ended_at is null
    and type in ('visit', 'zone_entered', 'motion', 'crowd', 'device_offline')
    and (
      occurred_at >= $1::timestamptz - interval '30 days'
      or (
        select last_seen_at >= $1
        from visits
        where visits.id = events.id and visits.opened_at = events.occurred_at
      ) is true
    )
  )
  and not exists (select from devices where devices.id = events.device_id and silent_since = events.occurred_at)
order by occurred_at
limit $4
