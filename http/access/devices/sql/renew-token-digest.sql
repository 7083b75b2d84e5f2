-- $2 is a token's digest under the secret before, $3 the same token's under the one in force.
update devices
set
  token_digest = case when token_digest = $2 then $3 else token_digest end,
  former_token_digest = case when former_token_digest = $2 then $3 else former_token_digest end
where id = $1 and $2 in (token_digest, former_token_digest)
