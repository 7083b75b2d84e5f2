-- A code that was given out before would undo it.
with revoked as (
  update devices set revoked_at = coalesce(revoked_at, $3)
  where id = $1 and deleted_at is null and ($2::uuid is null or owner_id = $2)
  returning id, revoked_at
),
unpaired as (
  delete from pairings using revoked where device_id = revoked.id
)
select revoked_at from revoked
