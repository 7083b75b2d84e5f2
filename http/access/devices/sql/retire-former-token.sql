update devices set former_token_digest = null, former_token_until = null where id = $1 and token_digest = $2
