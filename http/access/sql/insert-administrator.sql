insert into users (username, password_hash, role) values ($1, $2, 'admin')
on conflict (username) do nothing
returning id
