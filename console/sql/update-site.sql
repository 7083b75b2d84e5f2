update sites set name = coalesce($3, name), time_zone = coalesce($4, time_zone)
where id = $1 and ($2::uuid is null or owner_id = $2)
returning id
