select
  asked.place, devices.id, devices.owner_id, devices.epoch, devices.revoked_at is not null as revoked,
  devices.requires_signature, devices.token_digest, devices.former_token_digest
from unnest($1::bytea[]) with ordinality as asked (digest, place)
join devices on devices.token_digest = asked.digest
  or (devices.former_token_digest = asked.digest and devices.former_token_until > $2)
where devices.deleted_at is null
