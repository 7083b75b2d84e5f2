select count(*) as total
from devices
where deleted_at is null
  and ($1::uuid is null or owner_id = $1)
  and ($2::uuid is null or site_id = $2)
