select id, silent_after, silent_since, silence_told, heard_again_at
from devices
where silent_since is not null and (not silence_told or heard_again_at is not null)
order by id
limit $1
