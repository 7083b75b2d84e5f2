select config_versions.version, config_versions.created_at, users.username as created_by, config_versions.published_at
from config_versions
left join users on users.id = config_versions.created_by
where config_versions.device_id = $1
order by config_versions.version desc
limit $2 offset $3
