select owner_id, site_id, name, metadata, requires_signature, retention
from devices
where id = $1 and deleted_at is null and ($2::uuid is null or owner_id = $2)
for no key update
