update pairings set tries = tries + 1
where selector = $1 and expires_at > $2 and tries < $3
returning device_id, secret_digest
