select blob_key from captures
where frame_id = $1 and ($2::uuid is null or device_id = any(array(select id from devices where owner_id = $2)))
