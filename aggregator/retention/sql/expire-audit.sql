with due as (
  select number from audit_log where at < $1 order by number limit $2
),
gone as (
  delete from audit_log using due where audit_log.number = due.number
  returning pg_column_size(audit_log.*) as bytes
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
