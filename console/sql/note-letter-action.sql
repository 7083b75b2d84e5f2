update dead_letter_actions
set
  done = done + ($2 = 'done')::integer,
  passed_over = passed_over + ($2 = 'passed-over')::integer,
  failed = failed + ($2 = 'failed')::integer,
  error = coalesce($3, error)
where id = $1
