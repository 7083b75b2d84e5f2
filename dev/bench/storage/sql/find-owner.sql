select owner_id as owner from devices where owner_id is not null order by id limit 1
