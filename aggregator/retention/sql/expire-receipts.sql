with due as (
  select number from retention_runs where finished_at < $1 order by number limit $2
),
gone as (
  delete from retention_runs using due where retention_runs.number = due.number
  returning pg_column_size(retention_runs.*) as bytes
),
checked as (
  delete from checks where finished_at < $1
  returning pg_column_size(checks.*) as bytes
)
select
  (select count(*) from gone) as rows,
  (select coalesce(sum(bytes), 0)::bigint from (table gone union all table checked) as each) as bytes
