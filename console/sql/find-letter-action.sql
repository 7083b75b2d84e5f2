select id, kind, created_at, username, total, done, passed_over, failed, error, finished_at
from dead_letter_actions
where id = $1 and ($2::uuid is null or fleet_id = $2)
