-- Of those who are still there: what lets them in now.
select
  users.id, users.role, users.password_hash, user_fleets.fleet_id as "fleetId",
  array(
    select sessions.id::text from sessions where sessions.user_id = users.id and sessions.expires_at > $2
  ) as "sessionIds"
from users
join user_fleets on user_fleets.user_id = users.id
where users.id = any($1::uuid[])
