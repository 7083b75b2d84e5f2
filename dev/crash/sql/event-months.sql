select device_id, month, type, events from event_months order by device_id, month, type
