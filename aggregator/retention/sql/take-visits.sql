-- $3 and $4 are the first and the last time: so no chunk is looked at but theirs.
with gone as (
  delete from visits
  using unnest($1::uuid[], $2::timestamptz[]) as due (id, at)
  where visits.id = due.id and visits.opened_at = due.at and visits.opened_at between $3::timestamptz and $4::timestamptz
  returning pg_column_size(visits.*) as bytes
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
