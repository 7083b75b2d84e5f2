select devices.id, told.queue_depth, told.queue_depth_at, told.queue_epoch
from devices
left join device_heartbeats as told on told.device_id = devices.id
where devices.id = $1 and devices.deleted_at is null and ($2::uuid is null or devices.owner_id = $2)
