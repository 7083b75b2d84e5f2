-- Cameras of two owners at ten sites, where days begin at other hours.
with owners as (
  insert into users (id, username, password_hash, role)
  select md5('owner ' || n)::uuid, 'owner-' || n, '', 'operator' from generate_series(0, 1) as n
  returning id
),
places as (
  insert into sites (id, owner_id, name, time_zone, created_at)
  select
    md5('site ' || n)::uuid, md5('owner ' || n % 2)::uuid, 'Site ' || n,
    (array['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'])[1 + n % 4], $2::timestamptz
  from generate_series(0, 9) as n
  returning id
),
cameras as (
  insert into devices (id, owner_id, site_id, created_at)
  select id, md5('owner ' || n % 2)::uuid, md5('site ' || n % 10)::uuid, $2
  from unnest($1::text[]) with ordinality as camera (id, n)
  returning id
)
insert into config_versions (device_id, version, settings, created_at, published_at)
select id, 1, '{"zones": [{"id": "door"}, {"id": "shelf"}, {"id": "till"}]}', $2, $2 from cameras
