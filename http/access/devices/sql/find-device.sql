select owner_id, deleted_at is not null as deleted, erased_at is not null as erased from devices where id = $1
