select coalesce(nullif(devices.name, ''), devices.id) as device, sd_free_bytes as card_free_bytes
from device_heartbeats
join devices on devices.id = device_heartbeats.device_id
where devices.deleted_at is null and sd_free_bytes is not null and devices.id = any(array[$device]::text[])
order by sd_free_bytes, devices.id
