select pg_terminate_backend(pid) as terminated
from pg_stat_activity
where application_name = $1 and pid <> pg_backend_pid()
