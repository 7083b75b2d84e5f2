select id from deleted_events where id = any($1::uuid[])
