-- The code is used up and the device is activated in one statement: of two who come with one code, one gets a token.
-- The device is locked first, as by all who change both: none waits for another in a circle.
with device as (
  select id from devices where id = $1 and deleted_at is null for no key update
),
used as (
  delete from pairings using device where device_id = device.id and secret_digest = $2 returning device_id
)
update devices
set
  epoch = devices.epoch + 1,
  token_digest = $3,
  former_token_digest = null,
  former_token_until = null,
  activated_at = $4,
  revoked_at = null
from used
where devices.id = used.device_id
returning devices.id, devices.epoch
