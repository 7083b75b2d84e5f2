-- For one action, until the transaction ends; the first number is any that nothing else here takes.
select pg_try_advisory_xact_lock(8012027, hashtext($1)) as locked
