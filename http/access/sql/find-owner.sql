-- Devices are of those who work with their own.
select id from users where username = $1 and role <> 'viewer' and owner_id is null
