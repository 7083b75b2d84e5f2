-- Letters from before $1, and what was to be done with many of them. Their frames go after them, by their own time.
with due as (
  select id from dead_letters
  where recorded_at < $1 and created_at < $1
  order by recorded_at
  limit $2
  for update skip locked
),
gone as (
  delete from dead_letters using due where dead_letters.id = due.id
  returning pg_column_size(dead_letters.*) as bytes
),
actions as (
  delete from dead_letter_actions where finished_at < $1
  returning pg_column_size(dead_letter_actions.*) as bytes
)
select
  (select count(*) from gone) as rows,
  (select coalesce(sum(bytes), 0)::bigint from (table gone union all table actions) as each) as bytes
