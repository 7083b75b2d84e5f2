with due as (
  select number from retention_runs where finished_at < $1 order by number limit $2
),
gone as (
  delete from retention_runs using due where retention_runs.number = due.number
  returning pg_column_size(retention_runs.*) as bytes
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
