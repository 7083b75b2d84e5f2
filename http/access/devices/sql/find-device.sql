select owner_id, deleted_at is not null as deleted from devices where id = $1
