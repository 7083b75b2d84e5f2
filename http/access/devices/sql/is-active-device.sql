select id from devices where id = $1 and revoked_at is null and deleted_at is null
