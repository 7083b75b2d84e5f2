insert into erasures (id, kind, device_id, person_id, from_at, to_at, requested_at, user_id, username, step)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
