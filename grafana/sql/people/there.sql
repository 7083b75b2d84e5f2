select coalesce(sum(delta), 0)::bigint as people
from occupancy_changes
where at <= $__timeTo() and zone_id = '' and device_id = any(array[$device]::text[])
