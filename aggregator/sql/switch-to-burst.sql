-- What is not wanted is not locked; what is, in the order in which claims of frames lock devices.
with moving as (
  select devices.id, $2::timestamptz + least(config.seconds, $3::numeric) * interval '1 second' as burst_until
  from devices
  cross join lateral (
    select
      case jsonb_typeof(settings -> 'burst_on_motion_s')
        when 'number' then (settings ->> 'burst_on_motion_s')::numeric
        else 0
      end as seconds
    from config_versions
    where device_id = devices.id
    order by version desc
    limit 1
  ) as config
  where devices.id = any($1::text[]) and config.seconds > 0
  order by devices.id collate "C"
  for no key update of devices
)
update devices set burst_until = moving.burst_until
from moving
where devices.id = moving.id and (devices.burst_until is null or devices.burst_until < moving.burst_until)
