select distinct device_id from config_versions where published_at is null order by device_id limit $1
