insert into pairings (device_id, selector, secret_digest, created_at, expires_at) values ($1, $2, $3, $4, $5)
on conflict (device_id) do update
set
  selector = excluded.selector,
  secret_digest = excluded.secret_digest,
  tries = 0,
  created_at = excluded.created_at,
  expires_at = excluded.expires_at
