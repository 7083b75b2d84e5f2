select device_id, zone_id, at, delta, event_id from occupancy_changes order by device_id, zone_id, at, delta, event_id
