-- One of them, or all; of those that $2 may manage, who is an operator: the viewers of whom they themselves work for.
select
  users.id, users.username, users.role, users.owner_id as "ownerId", owners.username as owner,
  users.created_at as "createdAt"
from users
left join users as owners on owners.id = users.owner_id
where ($1::uuid is null or users.id = $1)
  and (
    $2::uuid is null
    or (users.role = 'viewer' and users.owner_id = (select coalesce(owner_id, id) from users as asking where id = $2))
  )
order by users.username
limit $3 offset $4
