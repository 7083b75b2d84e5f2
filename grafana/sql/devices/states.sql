-- Offline is what the aggregator has found silent, as it tells it by device_offline.
select
  count(*) filter (where activated_at is not null and revoked_at is null and not is_silent) as online,
  count(*) filter (where activated_at is not null and revoked_at is null and is_silent) as offline,
  count(*) filter (where activated_at is null and revoked_at is null) as "not set up",
  count(*) filter (where revoked_at is not null) as revoked
from devices
cross join lateral (select silent_since is not null and heard_again_at is null as is_silent) as heard
where deleted_at is null and id = any(array[$device]::text[])
