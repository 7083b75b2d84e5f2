select count(*) as count from devices where deleted_at is null
