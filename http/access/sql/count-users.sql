select count(*) as total
from users
where $1::uuid is null
  or (role = 'viewer' and owner_id = (select coalesce(owner_id, id) from users as asking where id = $1))
