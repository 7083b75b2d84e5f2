select device_id, day, type, events from event_days order by device_id, day, type
