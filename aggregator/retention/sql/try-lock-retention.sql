-- For as long as the transaction lasts, by a number that nothing else here takes; again by the same transaction, it says whether the lock is still there.
select pg_try_advisory_xact_lock(9012026) as taken
