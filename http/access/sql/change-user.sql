-- Whoever is another one from now on signs in anew.
with ended as (
  delete from sessions where user_id = $1
)
update users set role = $2, owner_id = $3, password_hash = coalesce($4, password_hash) where id = $1
