-- A silence whose end is told is over. Rows are locked in the order in which claims lock them.
with told as (
  select devices.id, told.heard_again_at is not null as over
  from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as told (id, silent_since, heard_again_at)
  join devices on devices.id = told.id and devices.silent_since = told.silent_since
  order by devices.id collate "C"
  for no key update of devices
)
update devices
set
  silence_told = not told.over,
  silent_after = case when told.over then null else devices.silent_after end,
  silent_since = case when told.over then null else devices.silent_since end,
  heard_again_at = case when told.over then null else devices.heard_again_at end
from told
where devices.id = told.id
