select users.id, users.username, users.role, user_fleets.fleet_id as "fleetId"
from users
join user_fleets on user_fleets.user_id = users.id
where users.id = $1
