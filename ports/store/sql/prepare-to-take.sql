-- Until the transaction ends: rows of compressed chunks may go, however many lie in one; and each batch is planned for its
-- own times, by which all other chunks are passed over. PostgreSQL without TimescaleDB knows nothing of the first.
select
  set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', true),
  set_config('plan_cache_mode', 'force_custom_plan', true)
