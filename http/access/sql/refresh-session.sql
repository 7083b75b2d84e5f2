-- A token has one successor, so that whoever asks again, because the answer was lost, is told the same.
update sessions
set
  refresh_digest = $2,
  replaced_digest = $1,
  replaced_at = case when refresh_digest = $1 then $3 else replaced_at end
from users
join user_fleets on user_fleets.user_id = users.id
where users.id = sessions.user_id
  and sessions.expires_at > $3
  and (
    refresh_digest = $1
    or (replaced_digest = $1 and refresh_digest = $2 and replaced_at > $3 - $4::integer * interval '1 ms')
  )
returning users.id, users.username, users.role, user_fleets.fleet_id as "fleetId",
  sessions.id as "sessionId"
