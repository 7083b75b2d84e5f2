select device_id, zone_id, day, people from occupancy_days order by device_id, zone_id, day
