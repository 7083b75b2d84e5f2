select name from log_migrations order by id desc
