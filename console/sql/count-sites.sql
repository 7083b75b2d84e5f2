select count(*) as total from sites where $1::uuid is null or owner_id = $1
