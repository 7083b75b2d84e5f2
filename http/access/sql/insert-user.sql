insert into users (username, password_hash, role, owner_id, created_at) values ($1, $2, $3, $4, $5)
on conflict (username) do nothing
returning id
