-- What became of what devices sent before $1, so many minutes at a time; and the processes that have written nothing since.
with due as (
  select distinct minute from ingest_outcomes where minute < $1 order by minute limit $2
),
writers as (
  delete from outcome_writers where written_at < $1
  returning pg_column_size(outcome_writers.*) as bytes
),
gone as (
  delete from ingest_outcomes using due where ingest_outcomes.minute = due.minute
  returning pg_column_size(ingest_outcomes.*) as bytes
)
select
  (select count(*) from gone) as rows,
  (select coalesce(sum(bytes), 0)::bigint from (table gone union all table writers) as each) as bytes
