select id, username, password_hash, role from users where username = $1
