-- Nobody's row. It goes with the transaction, and so with whoever had it.
select pg_try_advisory_xact_lock($1) as taken
