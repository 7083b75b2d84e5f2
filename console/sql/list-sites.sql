-- Of everybody or of one owner; one of them, or all.
select sites.id, sites.name, sites.time_zone, owners.username as owner, sites.created_at
from sites
join users as owners on owners.id = sites.owner_id
where ($1::uuid is null or sites.owner_id = $1)
  and ($2::uuid is null or sites.id = $2)
order by sites.name, sites.id
limit $3 offset $4
