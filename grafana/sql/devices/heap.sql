select coalesce(nullif(devices.name, ''), devices.id) as device, free_heap as free_heap_bytes
from device_heartbeats
join devices on devices.id = device_heartbeats.device_id
where devices.deleted_at is null and free_heap is not null and devices.id = any(array[$device]::text[])
order by free_heap, devices.id
