-- A lock that is nobody's row.
select pg_advisory_xact_lock($1)
