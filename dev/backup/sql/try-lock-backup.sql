-- One backup of an installation at a time. Held by its connection.
select pg_try_advisory_lock(1885434739, 2) as taken
