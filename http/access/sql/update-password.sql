with ended as (
  delete from sessions where user_id = $1
)
update users set password_hash = $2 where id = $1
