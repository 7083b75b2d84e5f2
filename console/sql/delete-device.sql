-- The row stays: what the device has sent refers to it, and its id is nobody else's.
with deleted as (
  update devices
  set deleted_at = $3, token_digest = null, former_token_digest = null, former_token_until = null
  where id = $1 and deleted_at is null and ($2::uuid is null or owner_id = $2)
  returning id
),
unpaired as (
  delete from pairings using deleted where device_id = deleted.id
)
select id from deleted
