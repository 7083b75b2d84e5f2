select owners.id, owners.username
from users
join users as owners on owners.id = coalesce(users.owner_id, users.id)
where users.id = $1
