-- What the migrations have made in a schema, a line for each thing, grouped by table. Where migrations keep their own
-- names is left out.
with tables as (
  select oid, relname, relkind, reloptions from pg_class
  where relnamespace = to_regnamespace($1) and relkind in ('r', 'p', 'v', 'm') and relname !~ 'migrations$'
),
described as (
  select relname, 1 as part, 0 as place, format(
    '%s %s%s',
    case relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
    relname,
    coalesce(' with ' || array_to_string(reloptions, ', '), '')
  ) as line
  from tables

  union all
  select relname, 2, attnum, format(
    '  %s %s%s%s%s',
    attname,
    format_type(atttypid, atttypmod),
    case when attnotnull then ' not null' else '' end,
    case attidentity when 'a' then ' generated always as identity' when 'd' then ' generated as identity' else '' end,
    coalesce(case attgenerated when '' then ' default ' else ' generated ' end || pg_get_expr(adbin, adrelid), '')
  )
  from tables
  join pg_attribute on attrelid = tables.oid and attnum > 0 and not attisdropped
  left join pg_attrdef on adrelid = tables.oid and adnum = attnum

  union all
  select relname, 3, row_number() over (order by conname)::integer,
    format('  constraint %s %s', conname, pg_get_constraintdef(pg_constraint.oid))
  from tables join pg_constraint on conrelid = tables.oid
  -- Since PostgreSQL 18 these are constraints of their own; they are told with their columns.
  where contype <> 'n'

  union all
  select relname, 4, row_number() over (order by indexrelid::regclass::text)::integer,
    '  ' || pg_get_indexdef(indexrelid)
  from tables join pg_index on indrelid = tables.oid
  where not exists (select from pg_constraint where conindid = indexrelid and contype in ('p', 'u', 'x'))

  union all
  select relname, 5, row_number() over (order by tgname)::integer, '  ' || pg_get_triggerdef(pg_trigger.oid)
  from tables join pg_trigger on tgrelid = tables.oid and not tgisinternal

  union all
  select relname, 6, 0, pg_get_viewdef(oid) from tables where relkind in ('v', 'm')

  union all
  select '~ ' || proname, 7, 0, pg_get_functiondef(oid)
  from pg_proc where pronamespace = to_regnamespace($1)
  -- What an extension brought is not ours to describe.
  and not exists (
    select from pg_depend where classid = 'pg_proc'::regclass and objid = pg_proc.oid and deptype = 'e'
  )
)
select line from described order by relname collate "C", part, place
