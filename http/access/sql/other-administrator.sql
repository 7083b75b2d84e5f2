select id from users where role = 'admin' and id <> $1 limit 1
