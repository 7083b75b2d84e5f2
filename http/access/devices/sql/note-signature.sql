-- Nothing comes back for one that was there before.
with forgotten as (
  delete from seen_signatures where forget_at <= $3
)
insert into seen_signatures (device_id, signature, forget_at) values ($1, $2, $4)
on conflict do nothing
returning device_id
