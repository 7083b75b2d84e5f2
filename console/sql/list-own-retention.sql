select id as device_id, retention from devices where retention <> '{}' and deleted_at is null order by id
