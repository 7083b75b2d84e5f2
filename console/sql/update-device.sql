update devices
set owner_id = $2, site_id = $3, name = $4, metadata = $5, requires_signature = $6, retention = $7
where id = $1
