insert into device_boots (device_id, boot_id, booted_at, synchronised) values ($1, $2, $3, $4)
on conflict (device_id, boot_id) do update
set
  booted_at = case
    when excluded.synchronised = device_boots.synchronised then least(device_boots.booted_at, excluded.booted_at)
    when excluded.synchronised then excluded.booted_at
    else device_boots.booted_at
  end,
  synchronised = device_boots.synchronised or excluded.synchronised
returning booted_at
