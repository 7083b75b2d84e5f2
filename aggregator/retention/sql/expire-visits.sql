-- Stays that were over before $1, or of which nothing was heard since.
with due as (
  select id, opened_at
  from visits
  where opened_at < $1 and coalesce(ended_at, last_seen_at, opened_at) < $1
    and ($2::text is null or device_id = $2) and device_id <> all($3::text[])
  order by opened_at
  limit $4
),
gone as (
  delete from visits
  using due
  where visits.id = due.id and visits.opened_at = due.opened_at
  returning pg_column_size(visits.*) as bytes
)
select count(*) as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone
