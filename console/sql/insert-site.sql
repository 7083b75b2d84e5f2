insert into sites (owner_id, name, time_zone, created_at) values ($1, $2, $3, $4)
on conflict (owner_id, name) do nothing
returning id
