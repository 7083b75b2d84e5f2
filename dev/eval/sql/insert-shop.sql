-- A device on a site, so that its days are those of the site's time zone.
with owner as (
  insert into users (username, password_hash, role) values ('owner', '', 'operator') returning id
),
site as (
  insert into sites (owner_id, name, time_zone, created_at) select id, 'shop', $2, now() from owner returning id
)
insert into devices (id, created_at, site_id) select $1, now(), id from site
