-- Also one that was deleted: what it has sent is still there.
select id from devices where id = $1 and ($2::uuid is null or owner_id = $2)
