-- By the number under which one process at a time lets go what is over: it waits, so that no picture goes between the
-- rows that name it and itself. Held by the connection.
select pg_advisory_lock($1)
