-- Whether there are such devices among those that may be looked at, and whether any of them has, or had, such a zone.
with places as (
  select id from devices
  where deleted_at is null
    and ($1::text is null or id = $1) and ($2::uuid is null or site_id = $2) and ($3::uuid is null or owner_id = $3)
)
select
  array(select id from places order by id) as devices,
  $4::text = ''
    or exists (select from occupancy_changes where device_id in (select id from places) and zone_id = $4)
    or exists (
      select from config_versions
      where device_id in (select id from places)
        and jsonb_path_exists(settings, '$.zones[*] ? (@.id == $id)', jsonb_build_object('id', $4::text))
    ) as knows_zone
