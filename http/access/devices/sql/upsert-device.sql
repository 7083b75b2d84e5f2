-- A device that is known keeps its owner; it keeps its token too until the code is used, and so goes on sending.
insert into devices (id, owner_id, name, site_id, created_at) values ($1, $2, $3, $4, $5)
on conflict (id) do update
set
  owner_id = coalesce(devices.owner_id, excluded.owner_id),
  name = coalesce(excluded.name, devices.name),
  site_id = coalesce(excluded.site_id, devices.site_id),
  -- Unless it was erased at this very moment.
  deleted_at = case when devices.erased_at is null then null else devices.deleted_at end
