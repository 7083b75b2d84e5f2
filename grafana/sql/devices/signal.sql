select coalesce(nullif(devices.name, ''), devices.id) as device, rssi as signal_dbm
from device_heartbeats
join devices on devices.id = device_heartbeats.device_id
where devices.deleted_at is null and rssi is not null and devices.id = any(array[$device]::text[])
order by rssi, devices.id
