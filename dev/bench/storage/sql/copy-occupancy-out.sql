copy (
  select occupancy_changes.*
  from events
  join occupancy_changes on occupancy_changes.event_id = events.id
  where events.occurred_at >= current_setting('bench.from')::timestamptz
    and events.occurred_at < current_setting('bench.until')::timestamptz
    and events.type in ('visit', 'zone_entered')
) to stdout
