select id from users where owner_id = $1 limit 1
