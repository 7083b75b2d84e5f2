-- How far numbers were given out; those that gave out none have no last value.
select format('%I.%I', schemaname, sequencename) as name, last_value::text as value
from pg_sequences
where last_value is not null
  and sequencename not in ('migrations_id_seq', 'log_migrations_id_seq')
order by schemaname, sequencename
