select case ntp_synced when true then 'set' when false then 'not set' else 'not told' end as clock, count(*) as devices
from device_heartbeats
join devices on devices.id = device_heartbeats.device_id
where devices.deleted_at is null and devices.id = any(array[$device]::text[])
group by ntp_synced
order by ntp_synced desc nulls last
