update devices set deleted_at = now() where id = $1
