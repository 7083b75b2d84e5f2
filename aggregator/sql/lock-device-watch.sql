-- Nobody's row; the number is any that nothing else here takes. It goes with the transaction, and so with whoever had it.
select pg_try_advisory_xact_lock(6012027) as taken
