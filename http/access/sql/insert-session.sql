-- Of one user as many as somebody has devices; the oldest go first, and with them those that are over.
with gone as (
  delete from sessions
  where user_id = $2
    and (expires_at <= $4 or id in (
      select id from sessions where user_id = $2 order by created_at desc offset $6::integer - 1
    ))
)
insert into sessions (id, user_id, refresh_digest, created_at, expires_at) values ($1, $2, $3, $4, $5)
