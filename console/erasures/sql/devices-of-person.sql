select distinct visits.device_id
from visits
join devices on devices.id = visits.device_id
where visits.person_id = $1 and ($2::uuid is null or devices.owner_id = $2)
order by visits.device_id
