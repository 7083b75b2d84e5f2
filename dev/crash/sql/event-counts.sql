select device_id, hour, type, count from event_counts order by device_id, hour, type
