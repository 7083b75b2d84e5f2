update config_versions set published_at = $3 where device_id = $1 and version = $2
