select id, occurred_at::text as at from events order by occurred_at desc, number desc limit 1000
