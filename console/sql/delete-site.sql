delete from sites where id = $1 and ($2::uuid is null or owner_id = $2) returning id
