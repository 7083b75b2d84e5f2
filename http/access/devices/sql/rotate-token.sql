-- The token that is kept beside the new one is the one that the device uses: of several rotations in a row, only the
-- last one's may ever have arrived.
update devices
set
  former_token_digest = case when former_token_until > $3 then former_token_digest else token_digest end,
  former_token_until = case when former_token_until > $3 then former_token_until else $4 end,
  token_digest = $2
where id = $1 and token_digest is not null and revoked_at is null and deleted_at is null
returning id
