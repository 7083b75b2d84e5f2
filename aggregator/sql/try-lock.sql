-- For as long as the transaction lasts, and so with whoever has it. Again by the same transaction, it says whether the lock
-- is still there.
select pg_try_advisory_xact_lock($1) as taken
