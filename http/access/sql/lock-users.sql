-- A lock that is nobody's row; the number is any that nothing else here takes.
select pg_advisory_xact_lock(6012027)
