-- What is ours to keep: every table with rows of its own but those in which the migrations keep their names, which are
-- made anew with the tables, and those without columns, which are there to be locked. Columns by their names, so that it
-- does not matter in which order they came to be.
select
  format('%s.%s', tables.schema, tables.name) as name,
  columns.names as columns,
  format('copy (select %s from %I.%I) to stdout', columns.list, tables.schema, tables.name) as copy_out,
  format('copy %I.%I (%s) from stdin', tables.schema, tables.name, columns.list) as copy_in,
  format('truncate %I.%I cascade', tables.schema, tables.name) as empty
from (
  select pg_class.oid, nspname as schema, relname as name
  from pg_class
  join pg_namespace on pg_namespace.oid = relnamespace
  where relkind in ('r', 'p')
    and not relispartition
    and relpersistence <> 't'
    and nspname !~ '^pg_'
    and nspname <> 'information_schema'
    and (nspname, relname) not in (('public', 'migrations'), ('public', 'log_migrations'))
    and not exists (
      select from pg_depend
      where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e'
    )
) as tables
cross join lateral (
  select
    array_agg(attname::text order by attname collate "C") as names,
    string_agg(quote_ident(attname), ', ' order by attname collate "C") as list
  from pg_attribute
  where attrelid = tables.oid and attnum > 0 and not attisdropped and attgenerated = ''
) as columns
where columns.names is not null
order by tables.schema, tables.name
