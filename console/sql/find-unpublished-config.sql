select version, settings, created_at from config_versions
where device_id = $1 and published_at is null
order by version
limit 1
