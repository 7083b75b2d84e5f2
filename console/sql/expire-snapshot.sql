insert into expired_blobs (key, class, expired_at) values ($1, 'snapshots', $2) on conflict (key) do nothing
