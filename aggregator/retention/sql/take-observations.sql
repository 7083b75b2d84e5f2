-- $3 and $4 are the first and the last time: so no chunk is looked at but theirs.
with gone as (
  delete from observations
  using unnest($1::uuid[], $2::timestamptz[], $5::text[]) as due (id, at, outcome)
  where observations.frame_id = due.id and observations.captured_at = due.at and observations.outcome = due.outcome
    and observations.captured_at between $3::timestamptz and $4::timestamptz
  returning pg_column_size(observations.*) as bytes
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
